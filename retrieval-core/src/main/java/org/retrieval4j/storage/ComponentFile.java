package org.retrieval4j.storage;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.Component;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.ComponentState;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.Fingerprint;
import org.retrieval4j.api.FloatMatrix;

/**
 * A component in a file: spec, fingerprint, and trained or given arrays. What was trained once is opened again, here or
 * on another machine, and is the same to the bit.
 *
 * <p>Files of a component's state (networks) are too large for the container: they are copied beside it, into a folder
 * named after the file with {@code .files} at the end, each under its SHA-256. So both can be moved together, no path
 * stands in the file, and opening never follows one.
 */
public final class ComponentFile {
    private static final String KIND = "component";
    private static final String INTERFACE = "component";
    private static final int VERSION = 1;
    private static final String ARRAY = "array/";
    private static final String FILE = "file/";

    private ComponentFile() {}

    /**
     * What a file says of a component, without making it.
     *
     * @param kind simple name of its interface: {@code Aggregator}, …
     * @param spec its spec
     * @param fingerprint its identity
     * @param state its arrays, and its files where they lie beside the container
     */
    public record Saved(String kind, ComponentSpec spec, Fingerprint fingerprint, ComponentState state) {
        /** Checks that nothing is missing. */
        public Saved {
            requireNonNull(kind, "kind");
            requireNonNull(spec, "spec");
            requireNonNull(fingerprint, "fingerprint");
            requireNonNull(state, "state");
        }
    }

    /**
     * Saves a component.
     *
     * @param <C> the kind
     * @param kind the interface that it will be opened as
     * @param component the component
     * @param file target, replaced in one step
     * @throws IOException if it cannot be written
     */
    public static <C extends Component> void save(Class<C> kind, C component, Path file) throws IOException {
        ComponentState state = component.state();
        Map<String, Fingerprint> hashes = new TreeMap<>();
        for (Map.Entry<String, Path> entry : state.files().entrySet()) {
            hashes.put(entry.getKey(), copy(entry.getValue(), filesOf(file)));
        }
        try (SectionWriter writer = SectionWriter.create(file, KIND, VERSION)) {
            writer.header(INTERFACE, kind.getSimpleName());
            writer.header("spec", component.spec().toString());
            writer.header("fingerprint", component.fingerprint().hex());
            for (Map.Entry<String, FloatMatrix> entry : state.arrays().entrySet()) {
                writer.matrix(ARRAY + entry.getKey(), entry.getValue());
            }
            for (Map.Entry<String, Fingerprint> entry : hashes.entrySet()) {
                writer.bytes(FILE + entry.getKey(), hexBytes(entry.getValue()));
            }
            writer.commit();
        }
    }

    /**
     * Opens a component.
     *
     * @param <C> the kind
     * @param kind the interface it was saved as
     * @param file the file
     * @param components where its provider is found
     * @param context threads, kernel; no sample is needed
     * @return a component with the fingerprint of the one saved
     * @throws CorruptFileException if the file is damaged, holds another kind, or makes a component with another
     *     fingerprint
     * @throws UnsupportedVersionException if the file is of a version that is not read
     * @throws IOException if it cannot be read
     * @throws org.retrieval4j.api.ComponentNotFoundException if no provider has its name
     */
    public static <C extends Component> C open(Class<C> kind, Path file, Components components, BuildContext context)
            throws IOException {
        Saved saved = read(file);
        if (!saved.kind().equals(kind.getSimpleName())) {
            throw new CorruptFileException(file, 0, "a component of kind " + kind.getSimpleName(), saved.kind());
        }
        C component;
        try {
            component = components.open(kind, saved.spec(), saved.state(), context);
        } catch (IllegalArgumentException e) {
            throw caused(new CorruptFileException(file, 0, "arrays of " + saved.spec(), e.getMessage() + ""), e);
        }
        if (!component.fingerprint().equals(saved.fingerprint())) {
            Fingerprint found = component.fingerprint();
            ComponentSpec spec = component.spec();
            component.close();
            throw new CorruptFileException(
                    file,
                    0,
                    saved.spec() + " with fingerprint " + saved.fingerprint().abbreviated()
                            + " (damaged, or made by another version of its provider)",
                    spec + " with fingerprint " + found.abbreviated());
        }
        return component;
    }

    /**
     * Reads what a file says, without making the component.
     *
     * @param file the file
     * @return spec, fingerprint and state
     * @throws CorruptFileException if the file is damaged
     * @throws UnsupportedVersionException if the file is of a version that is not read
     * @throws IOException if it cannot be read
     */
    public static Saved read(Path file) throws IOException {
        try (SectionFile sections = SectionFile.open(file, KIND, VERSION, VERSION)) {
            TreeMap<String, FloatMatrix> arrays = new TreeMap<>();
            TreeMap<String, Path> files = new TreeMap<>();
            for (Section section : sections.sections()) {
                String name = section.name();
                if (name.startsWith(ARRAY)) {
                    arrays.put(name.substring(ARRAY.length()), sections.matrix(name));
                } else if (name.startsWith(FILE)) {
                    String hash = fingerprint(file, section.offset(), new String(sections.bytes(name), UTF_8))
                            .hex();
                    files.put(name.substring(FILE.length()), filesOf(file).resolve(hash));
                }
            }
            ComponentSpec spec;
            try {
                spec = ComponentSpec.parse(sections.header("spec"));
            } catch (IllegalArgumentException e) {
                throw caused(new CorruptFileException(file, 0, "a spec", e.getMessage() + ""), e);
            }
            Fingerprint fingerprint = fingerprint(file, 0, sections.header("fingerprint"));
            return new Saved(sections.header(INTERFACE), spec, fingerprint, new ComponentState(arrays, files));
        }
    }

    private static Path filesOf(Path file) {
        return file.resolveSibling(file.getFileName() + ".files");
    }

    private static byte[] hexBytes(Fingerprint hash) {
        return hash.hex().getBytes(UTF_8);
    }

    private static Fingerprint fingerprint(Path file, long offset, String hex) throws CorruptFileException {
        try {
            return new Fingerprint(hex);
        } catch (IllegalArgumentException e) {
            throw caused(new CorruptFileException(file, offset, "a fingerprint", e.getMessage() + ""), e);
        }
    }

    private static CorruptFileException caused(CorruptFileException exception, Throwable cause) {
        exception.initCause(cause);
        return exception;
    }

    /** Copies a file into a folder under its hash, unless it is there. */
    private static Fingerprint copy(Path source, Path folder) throws IOException {
        Files.createDirectories(folder);
        Fingerprint hash = Fingerprint.ofFile(source);
        Path target = folder.resolve(hash.hex());
        if (Files.exists(target) && Files.size(target) == Files.size(source)) {
            return hash;
        }
        try (Replacement replacement = new Replacement(target);
                InputStream in = Files.newInputStream(source)) {
            byte[] buffer = new byte[1 << 16];
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                ByteBuffer bytes = ByteBuffer.wrap(buffer, 0, n);
                while (bytes.hasRemaining()) {
                    replacement.channel().write(bytes);
                }
            }
            replacement.commit();
        }
        return hash;
    }
}
