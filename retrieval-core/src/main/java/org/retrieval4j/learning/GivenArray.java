package org.retrieval4j.learning;

import java.io.IOException;
import java.util.Map;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.Fingerprint;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.storage.NpyArray;
import org.retrieval4j.storage.NpyFile;
import org.retrieval4j.storage.NpzFile;

/**
 * Arrays made elsewhere, which a spec names by their {@code .npy} file ({@code codebook=C.npy}), or by an {@code .npz} and
 * the name of an entry ({@code codebook=ALL.npz:centers}). A component that was made of one does not keep the path: its
 * spec has the array's {@linkplain #nameOf name by content} instead, and its state has the array. float64 is rounded to
 * float32.
 */
public final class GivenArray {
    static final String PREFIX = "sha256:";

    private static final String ENTRY = ".npz:";

    private GivenArray() {}

    /**
     * Reads an array of two dimensions; further dimensions of size 1, as those of 1 x 1 convolutions, are dropped.
     *
     * @param parameter parameter that names the file, for messages
     * @param file absolute, or relative to the context's base directory
     * @param context where relative file names start
     * @return n x d, finite
     * @throws IOException if it cannot be read
     * @throws IllegalArgumentException if it has another shape or is not finite
     */
    public static FloatMatrix matrix(String parameter, String file, BuildContext context) throws IOException {
        return read(parameter, file, context, GivenArray::matrixOf);
    }

    /**
     * Reads an array of one dimension.
     *
     * @param parameter parameter that names the file, for messages
     * @param file absolute, or relative to the context's base directory
     * @param context where relative file names start
     * @return 1 x n, finite
     * @throws IOException if it cannot be read
     * @throws IllegalArgumentException if it has another shape or is not finite
     */
    public static FloatMatrix row(String parameter, String file, BuildContext context) throws IOException {
        return read(parameter, file, context, NpyArray::toRowMatrix);
    }

    /**
     * Reads an array of three dimensions as matrices that lie below each other.
     *
     * @param parameter parameter that names the file, for messages
     * @param file absolute, or relative to the context's base directory
     * @param context where relative file names start
     * @return (k·m) x d of an array of k x m x d, finite
     * @throws IOException if it cannot be read
     * @throws IllegalArgumentException if it has another shape or is not finite
     */
    public static FloatMatrix stack(String parameter, String file, BuildContext context) throws IOException {
        return read(parameter, file, context, NpyArray::toStackedMatrix);
    }

    /**
     * Reads whole numbers of one dimension.
     *
     * @param parameter parameter that names the file, for messages
     * @param file absolute, or relative to the context's base directory
     * @param context where relative file names start
     * @return the numbers
     * @throws IOException if it cannot be read
     * @throws IllegalArgumentException if it has another shape or holds other numbers
     */
    public static int[] integers(String parameter, String file, BuildContext context) throws IOException {
        return read(parameter, file, context, array -> {
            if (array.dimensions() != 1) {
                throw new IllegalArgumentException(
                        "the array must have 1 dimension (n), got shape " + java.util.Arrays.toString(array.shape()));
            }
            return array.toInts();
        });
    }

    /**
     * Stands for an array in a spec: equal arrays have equal names.
     *
     * @param array the array
     * @return {@code sha256:} and the first 16 digits of a hash over shape and values
     */
    public static String nameOf(FloatMatrix array) {
        return PREFIX + Fingerprint.builder().add("array", array).build().hex().substring(0, 16);
    }

    /**
     * Stands for whole numbers in a spec: equal arrays have equal names.
     *
     * @param array the numbers
     * @return {@code sha256:} and the first 16 digits of a hash over them
     */
    public static String nameOf(int[] array) {
        java.nio.ByteBuffer bytes = java.nio.ByteBuffer.allocate(Math.multiplyExact(array.length, Integer.BYTES));
        bytes.asIntBuffer().put(array);
        return PREFIX + Fingerprint.ofBytes(bytes.array()).hex().substring(0, 16);
    }

    interface Form<T> {
        T of(NpyArray array);
    }

    static <T> T read(String parameter, String file, BuildContext context, Form<T> form) throws IOException {
        requireFile(parameter, file);
        return checked(parameter, file, array(parameter, file, context), form);
    }

    static void requireFile(String parameter, String file) {
        if (file.startsWith(PREFIX)) {
            throw new IllegalArgumentException(parameter + "=" + file
                    + " names an array that only a saved component has; open that one, or give the array's .npy file");
        }
    }

    private static NpyArray array(String parameter, String file, BuildContext context) throws IOException {
        int colon = file.lastIndexOf(ENTRY);
        if (colon < 0) {
            return NpyFile.read(context.resolve(file));
        }
        String name = file.substring(colon + ENTRY.length());
        Map<String, NpyArray> entries = NpzFile.read(context.resolve(file.substring(0, colon + ENTRY.length() - 1)));
        NpyArray array = entries.get(name);
        if (array == null) {
            throw new IllegalArgumentException(parameter + "=" + file + ": the file has no array \"" + name
                    + "\"; it has: " + String.join(", ", entries.keySet()));
        }
        return array;
    }

    static <T> T checked(String parameter, String file, NpyArray array, Form<T> form) {
        try {
            T result = form.of(array);
            if (result instanceof FloatMatrix matrix && !matrix.isFinite()) {
                throw new IllegalArgumentException("the array must be finite");
            }
            return result;
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(parameter + "=" + file + ": " + e.getMessage(), e);
        }
    }

    /** A matrix, and what is one but for dimensions of size 1: behind it (PyTorch), or before it (TensorFlow). */
    static FloatMatrix matrixOf(NpyArray array) {
        int[] shape = array.shape();
        int from = 0;
        int to = shape.length;
        while (to - from > 2 && shape[to - 1] == 1) {
            to--;
        }
        while (to - from > 2 && shape[from] == 1) {
            from++;
        }
        return to - from == 2 && shape.length > 2
                ? FloatMatrix.of(shape[from], shape[from + 1], array.toFloats())
                : array.toFloatMatrix();
    }
}
