package org.retrieval4j.learning;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.Fingerprint;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.OptionsText;
import org.retrieval4j.storage.NpyArray;
import org.retrieval4j.storage.NpzFile;

/**
 * The arrays that a spec gives one component: each from a file of its own ({@code bias=b.npy}), or all from the entries of
 * one {@code .npz} that have the names of the parameters ({@code weights=layer.npz}; {@code batch_norm} and {@code
 * batch-norm} are the same name).
 */
public final class GivenArrays {
    private final String component;
    private final String file;
    private final Map<String, NpyArray> entries;
    private final BuildContext context;

    private GivenArrays(String component, String file, Map<String, NpyArray> entries, BuildContext context) {
        this.component = component;
        this.file = file;
        this.entries = entries;
        this.context = context;
    }

    /**
     * Reads the common file, if there is one.
     *
     * @param component name of the component, for messages
     * @param npz the common file, absolute or relative to the context's base directory
     * @param names the names that its entries may have
     * @param context where relative file names start
     * @return the arrays
     * @throws IOException if the file cannot be read
     * @throws IllegalArgumentException if an entry has another name
     */
    public static GivenArrays of(String component, Optional<String> npz, List<String> names, BuildContext context)
            throws IOException {
        Map<String, NpyArray> entries = new TreeMap<>();
        if (npz.isPresent()) {
            GivenArray.requireFile(component + ": weights", npz.get());
            for (Map.Entry<String, NpyArray> entry :
                    NpzFile.read(context.resolve(npz.get())).entrySet()) {
                String name = entry.getKey().replace('_', '-');
                if (!names.contains(name)) {
                    throw new IllegalArgumentException(component + ": weights=" + npz.get() + " has an array \""
                            + entry.getKey() + "\"; known: " + String.join(", ", names));
                }
                entries.put(name, entry.getValue());
            }
        }
        return new GivenArrays(component, npz.orElse(""), entries, context);
    }

    /**
     * An array of two dimensions; further dimensions of size 1, as those of 1 x 1 convolutions, are dropped.
     *
     * @param name its parameter
     * @param given its own file
     * @return n x d, finite; empty if it is not given
     * @throws IOException if it cannot be read
     * @throws IllegalArgumentException if it has another shape, is not finite, or is given twice
     */
    public Optional<FloatMatrix> matrix(String name, Optional<String> given) throws IOException {
        return read(name, given, GivenArray::matrixOf);
    }

    /**
     * An array of one dimension.
     *
     * @param name its parameter
     * @param given its own file
     * @return 1 x n, finite; empty if it is not given
     * @throws IOException if it cannot be read
     * @throws IllegalArgumentException if it has another shape, is not finite, or is given twice
     */
    public Optional<FloatMatrix> row(String name, Optional<String> given) throws IOException {
        return read(name, given, NpyArray::toRowMatrix);
    }

    /**
     * What a component cannot do without.
     *
     * @param name the parameter
     * @param array what was found
     * @return the array
     * @throws IllegalArgumentException if nothing was
     */
    public FloatMatrix required(String name, Optional<FloatMatrix> array) {
        return array.orElseThrow(() -> new IllegalArgumentException(
                entries.isEmpty()
                        ? component + ": " + name + " must be given with the other arrays"
                        : component + ": weights=" + file + " must have an array \"" + name + "\"; it has: "
                                + String.join(", ", entries.keySet())));
    }

    private Optional<FloatMatrix> read(String name, Optional<String> given, GivenArray.Form<FloatMatrix> form)
            throws IOException {
        NpyArray entry = entries.get(name);
        if (given.isPresent() && entry != null) {
            throw new IllegalArgumentException(
                    component + ": " + name + " must be given once: by itself or in weights=" + file);
        }
        if (given.isPresent()) {
            return Optional.of(GivenArray.read(component + ": " + name, given.get(), context, form));
        }
        return entry == null
                ? Optional.empty()
                : Optional.of(GivenArray.checked(component + ": weights", file + ":" + name, entry, form));
    }

    /**
     * A matrix with rows and columns exchanged.
     *
     * @param matrix n x d
     * @return d x n
     */
    public static FloatMatrix transposed(FloatMatrix matrix) {
        float[] values = new float[Math.multiplyExact(matrix.rows(), matrix.columns())];
        for (int i = 0; i < matrix.rows(); i++) {
            for (int j = 0; j < matrix.columns(); j++) {
                values[j * matrix.rows() + i] = matrix.get(i, j);
            }
        }
        return FloatMatrix.of(matrix.columns(), matrix.rows(), values);
    }

    /**
     * Stands for arrays in a spec: equal ones have equal names.
     *
     * @param arrays arrays by name
     * @return {@code sha256:} and the first 16 digits of a hash over names, shapes, and values
     */
    public static String nameOf(Map<String, FloatMatrix> arrays) {
        Fingerprint.Builder hash = Fingerprint.builder();
        new TreeMap<>(arrays).forEach(hash::add);
        return GivenArray.PREFIX + hash.build().hex().substring(0, 16);
    }

    /**
     * Options as a component keeps them: {@linkplain GivenArray#nameOf names by content} in place of files, and nothing about
     * how the files were laid out.
     *
     * @param <O> type of the options
     * @param options what the spec said
     * @param defaults an instance with all defaults
     * @param arrays given arrays by name; those that are parameters are named
     * @param others parameters to set
     * @param dropped parameters that get their default
     * @return the options
     */
    public static <O extends Record> O kept(
            O options, O defaults, Map<String, FloatMatrix> arrays, Map<String, Object> others, List<String> dropped) {
        String name = "kept";
        Map<String, String> parameters =
                new TreeMap<>(OptionsText.format(name, options).parameters());
        for (String key : OptionsText.keys(options)) {
            if (dropped.contains(key)) {
                parameters.remove(key);
            }
            FloatMatrix array = arrays.get(key);
            if (array != null) {
                parameters.put(key, GivenArray.nameOf(array));
            }
        }
        others.forEach((key, value) -> parameters.put(key, value.toString()));
        return OptionsText.parse(new ComponentSpec.Part(name, parameters), defaults);
    }
}
