package org.retrieval4j.onnx;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.retrieval4j.onnx.ProtobufReader.Field;

/**
 * What must be known of an ONNX file before ONNX Runtime sees it: the few fields of its protocol buffer that name
 * operators of other people's libraries, other files, and values that can be taken as outputs.
 *
 * <p>Refused are operators of domains that ONNX Runtime does not bring and the file does not define itself, since they
 * would need a library of native code; and arrays in other files, unless each lies in a named file beside the model.
 * Field numbers are those of onnx.proto3.
 */
final class OnnxFile {
    /** Domains whose operators are in ONNX Runtime itself. */
    private static final Set<String> OWN_DOMAINS = Set.of(
            "",
            "ai.onnx",
            "ai.onnx.ml",
            "ai.onnx.training",
            "ai.onnx.preview",
            "ai.onnx.preview.training",
            "com.microsoft",
            "com.microsoft.nchwc",
            "com.ms.internal.nhwc");

    private static final int MAX_DEPTH = 32;
    private static final int GRAPH = 7;
    private static final int GRAPH_OUTPUT = 12;
    private static final int VALUE_NAME = 1;

    /** An array of the graph that lies in another file. */
    record ExternalArray(String name, int dataType, long[] dimensions, String file, long offset, long length) {}

    private final byte[] bytes;
    private final Set<String> outputs = new LinkedHashSet<>();
    private final Set<String> values = new LinkedHashSet<>();
    private final List<ExternalArray> external = new ArrayList<>();
    private final Set<String> domains = new LinkedHashSet<>();
    private final Set<String> definedDomains = new LinkedHashSet<>();

    private OnnxFile(byte[] bytes) {
        this.bytes = bytes;
    }

    /**
     * Reads and checks a model.
     *
     * @throws IOException if it is no ONNX file or is refused; the message is the reason
     */
    static OnnxFile parse(byte[] bytes) throws IOException {
        OnnxFile file = new OnnxFile(bytes);
        boolean graph = false;
        ProtobufReader model = new ProtobufReader(bytes);
        for (Field field = model.next(); !field.isEnd(); field = model.next()) {
            if (field.number() == GRAPH) {
                file.graph(field.message(), true, 0);
                graph = true;
            } else if (field.number() == 25) {
                file.function(field.message());
            }
        }
        if (!graph) {
            throw new IOException("it is no ONNX model: it has no graph");
        }
        for (String domain : file.domains) {
            if (!OWN_DOMAINS.contains(domain) && !file.definedDomains.contains(domain)) {
                throw new IOException("its operators of domain \"" + domain
                        + "\" need a library of custom operators; none is ever loaded");
            }
        }
        return file;
    }

    /** Values that the file declares as outputs. */
    Set<String> outputs() {
        return outputs;
    }

    /** Arrays in other files. */
    List<ExternalArray> external() {
        return external;
    }

    /**
     * The model with more of its values declared as outputs.
     *
     * @throws IllegalArgumentException if no node computes one of them
     */
    byte[] withOutputs(Set<String> wanted) {
        ByteArrayOutputStream declared = new ByteArrayOutputStream();
        for (String name : wanted) {
            if (outputs.contains(name)) {
                continue;
            }
            if (!values.contains(name)) {
                throw new IllegalArgumentException("the network computes no \"" + name + "\"; its outputs: "
                        + String.join(", ", outputs) + " (and any value inside)");
            }
            byte[] text = name.getBytes(StandardCharsets.UTF_8);
            byte[] value = ProtobufReader.lengthDelimited(VALUE_NAME, text);
            declared.writeBytes(ProtobufReader.lengthDelimited(GRAPH_OUTPUT, value));
        }
        if (declared.size() == 0) {
            return bytes;
        }
        // Protocol buffers merge a repeated message: a second graph with outputs only adds these outputs to the first.
        byte[] graph = ProtobufReader.lengthDelimited(GRAPH, declared.toByteArray());
        byte[] extended = java.util.Arrays.copyOf(bytes, Math.addExact(bytes.length, graph.length));
        System.arraycopy(graph, 0, extended, bytes.length, graph.length);
        return extended;
    }

    private void graph(ProtobufReader graph, boolean outermost, int depth) throws IOException {
        if (depth > MAX_DEPTH) {
            throw new IOException("its graphs are nested more than " + MAX_DEPTH + " deep");
        }
        for (Field field = graph.next(); !field.isEnd(); field = graph.next()) {
            switch (field.number()) {
                case 1 -> node(field.message(), outermost, depth);
                case 5 -> tensor(field.message(), outermost);
                case GRAPH_OUTPUT -> {
                    if (outermost) {
                        outputs.add(valueName(field.message()));
                    }
                }
                case 15 -> sparseTensor(field.message());
                default -> {}
            }
        }
    }

    private void function(ProtobufReader function) throws IOException {
        for (Field field = function.next(); !field.isEnd(); field = function.next()) {
            if (field.number() == 7) {
                node(field.message(), false, 0);
            } else if (field.number() == 10) {
                definedDomains.add(field.text());
            } else if (field.number() == 11) {
                attribute(field.message(), 0);
            }
        }
    }

    private void node(ProtobufReader node, boolean outermost, int depth) throws IOException {
        for (Field field = node.next(); !field.isEnd(); field = node.next()) {
            switch (field.number()) {
                case 2 -> {
                    if (outermost) {
                        values.add(field.text());
                    }
                }
                case 5 -> attribute(field.message(), depth);
                case 7 -> domains.add(field.text());
                default -> {}
            }
        }
    }

    private void attribute(ProtobufReader attribute, int depth) throws IOException {
        for (Field field = attribute.next(); !field.isEnd(); field = attribute.next()) {
            switch (field.number()) {
                case 5, 10 -> tensor(field.message(), false);
                case 6, 11 -> graph(field.message(), false, depth + 1);
                case 22, 23 -> sparseTensor(field.message());
                default -> {}
            }
        }
    }

    private void sparseTensor(ProtobufReader sparse) throws IOException {
        for (Field field = sparse.next(); !field.isEnd(); field = sparse.next()) {
            if (field.number() == 1 || field.number() == 2) {
                tensor(field.message(), false);
            }
        }
    }

    private void tensor(ProtobufReader tensor, boolean mayBeExternal) throws IOException {
        String name = "";
        int dataType = 0;
        List<Long> dimensions = new ArrayList<>();
        boolean isExternal = false;
        String location = "";
        long offset = 0;
        long length = -1;
        for (Field field = tensor.next(); !field.isEnd(); field = tensor.next()) {
            switch (field.number()) {
                case 1 -> field.addVarints(dimensions);
                case 2 -> dataType = (int) field.varint();
                case 8 -> name = field.text();
                case 13 -> {
                    isExternal = true;
                    String[] entry = entry(field.message());
                    switch (entry[0]) {
                        case "location" -> location = entry[1];
                        case "offset" -> offset = size(entry[1]);
                        case "length" -> length = size(entry[1]);
                        default -> {}
                    }
                }
                case 14 -> isExternal |= field.varint() != 0;
                default -> {}
            }
        }
        if (!isExternal) {
            return;
        }
        if (!mayBeExternal) {
            throw new IOException("an array inside a node lies in another file; only arrays of the graph may");
        }
        if (location.isEmpty()
                || location.equals(".")
                || location.equals("..")
                || location.indexOf('/') >= 0
                || location.indexOf('\\') >= 0
                || location.indexOf(':') >= 0) {
            throw new IOException("its array \"" + name + "\" lies in \"" + location
                    + "\"; only a file beside the model is allowed, by its bare name");
        }
        long[] shape = dimensions.stream().mapToLong(Long::longValue).toArray();
        external.add(new ExternalArray(name, dataType, shape, location, offset, length));
    }

    private static String[] entry(ProtobufReader entry) throws IOException {
        String[] keyAndValue = {"", ""};
        for (Field field = entry.next(); !field.isEnd(); field = entry.next()) {
            if (field.number() == 1 || field.number() == 2) {
                keyAndValue[field.number() - 1] = field.text();
            }
        }
        return keyAndValue;
    }

    private static long size(String text) throws IOException {
        try {
            long size = Long.parseLong(text);
            if (size >= 0) {
                return size;
            }
        } catch (NumberFormatException e) {
            throw new IOException("an offset or length in another file is no number: \"" + text + "\"", e);
        }
        throw new IOException("an offset or length in another file is negative: " + text);
    }

    private static String valueName(ProtobufReader value) throws IOException {
        String name = "";
        for (Field field = value.next(); !field.isEnd(); field = value.next()) {
            if (field.number() == VALUE_NAME) {
                name = field.text();
            }
        }
        return name;
    }
}
