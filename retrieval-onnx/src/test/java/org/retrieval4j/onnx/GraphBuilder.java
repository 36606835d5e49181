package org.retrieval4j.onnx;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** Writes small ONNX models: just enough of the protocol buffer, with the field numbers of onnx.proto3. */
final class GraphBuilder {
    static final int FLOAT = 1;
    static final int INT64 = 7;

    private final ByteArrayOutputStream graph = new ByteArrayOutputStream();
    private final ByteArrayOutputStream rest = new ByteArrayOutputStream();

    GraphBuilder() {
        graph.writeBytes(text(2, "test"));
        rest.writeBytes(opset("", 13));
    }

    /** A float input; −1 is a free size. */
    GraphBuilder input(String name, long... shape) {
        graph.writeBytes(message(11, value(name, shape)));
        return this;
    }

    /** An output whose type is left to ONNX Runtime. */
    GraphBuilder output(String name) {
        graph.writeBytes(message(12, text(1, name)));
        return this;
    }

    GraphBuilder floats(String name, float[] values, long... shape) {
        ByteBuffer raw = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        raw.asFloatBuffer().put(values);
        return tensor(join(tensorHead(name, FLOAT, shape), message(9, raw.array())));
    }

    GraphBuilder longs(String name, long[] values, long... shape) {
        ByteBuffer raw = ByteBuffer.allocate(8 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        raw.asLongBuffer().put(values);
        return tensor(join(tensorHead(name, INT64, shape), message(9, raw.array())));
    }

    /** A float array that lies in another file. */
    GraphBuilder external(String name, String location, long offset, long... shape) {
        long length = 4;
        for (long side : shape) {
            length *= side;
        }
        return tensor(externalTensor(name, location, offset, length, shape));
    }

    GraphBuilder tensor(byte[] tensor) {
        graph.writeBytes(message(5, tensor));
        return this;
    }

    static byte[] externalTensor(String name, String location, long offset, long length, long... shape) {
        return join(
                tensorHead(name, FLOAT, shape),
                message(13, join(text(1, "location"), text(2, location))),
                message(13, join(text(1, "offset"), text(2, Long.toString(offset)))),
                message(13, join(text(1, "length"), text(2, Long.toString(length)))),
                number(14, 1));
    }

    private static byte[] tensorHead(String name, int type, long... shape) {
        ByteArrayOutputStream head = new ByteArrayOutputStream();
        for (long side : shape) {
            head.writeBytes(number(1, side));
        }
        head.writeBytes(number(2, type));
        head.writeBytes(text(8, name));
        return head.toByteArray();
    }

    /** A node; attributes are Long, Float, long[], or byte[] for a tensor. */
    GraphBuilder node(String operator, String inputs, String outputs, Map<String, Object> attributes) {
        graph.writeBytes(message(1, nodeBytes(operator, "", inputs, outputs, attributes)));
        return this;
    }

    GraphBuilder node(String operator, String inputs, String outputs) {
        return node(operator, inputs, outputs, Map.of());
    }

    /** A node of another domain, which is declared. */
    GraphBuilder foreignNode(String domain, String operator, String inputs, String outputs) {
        rest.writeBytes(opset(domain, 1));
        graph.writeBytes(message(1, nodeBytes(operator, domain, inputs, outputs, Map.of())));
        return this;
    }

    /** A function that the model defines in a domain of its own, computing its output as Identity of its input. */
    GraphBuilder identityFunction(String domain, String name) {
        byte[] node = nodeBytes("Identity", "", "in", "out", Map.of());
        rest.writeBytes(message(
                25,
                join(
                        text(1, name),
                        text(4, "in"),
                        text(5, "out"),
                        message(7, node),
                        opset(9, "", 13),
                        text(10, domain))));
        return this;
    }

    private static byte[] nodeBytes(
            String operator, String domain, String inputs, String outputs, Map<String, Object> attributes) {
        ByteArrayOutputStream node = new ByteArrayOutputStream();
        for (String input : inputs.split(" ", -1)) {
            node.writeBytes(text(1, input));
        }
        for (String output : outputs.split(" ", -1)) {
            node.writeBytes(text(2, output));
        }
        node.writeBytes(text(4, operator));
        attributes.forEach((name, value) -> node.writeBytes(message(5, attribute(name, value))));
        if (!domain.isEmpty()) {
            node.writeBytes(text(7, domain));
        }
        return node.toByteArray();
    }

    private static byte[] attribute(String name, Object value) {
        if (value instanceof Long one) {
            return join(text(1, name), number(3, one), number(20, 2));
        } else if (value instanceof Float one) {
            byte[] bits = ByteBuffer.allocate(4)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putFloat(one)
                    .array();
            return join(text(1, name), varint((2 << 3) | 5), bits, number(20, 1));
        } else if (value instanceof byte[] tensor) {
            return join(text(1, name), message(5, tensor), number(20, 4));
        }
        ByteArrayOutputStream longs = new ByteArrayOutputStream();
        longs.writeBytes(text(1, name));
        for (long one : (long[]) value) {
            longs.writeBytes(number(8, one));
        }
        longs.writeBytes(number(20, 7));
        return longs.toByteArray();
    }

    byte[] build() {
        return join(number(1, 8), message(7, graph.toByteArray()), rest.toByteArray());
    }

    private static byte[] value(String name, long... shape) {
        ByteArrayOutputStream dimensions = new ByteArrayOutputStream();
        for (long side : shape) {
            dimensions.writeBytes(message(1, side < 0 ? text(2, "n" + name) : number(1, side)));
        }
        byte[] tensorType = join(number(1, FLOAT), message(2, dimensions.toByteArray()));
        return join(text(1, name), message(2, message(1, tensorType)));
    }

    private static byte[] opset(String domain, int version) {
        return opset(8, domain, version);
    }

    private static byte[] opset(int field, String domain, int version) {
        return message(field, join(text(1, domain), number(2, version)));
    }

    static byte[] text(int field, String text) {
        return message(field, text.getBytes(StandardCharsets.UTF_8));
    }

    static byte[] number(int field, long value) {
        return join(varint((long) field << 3), varint(value));
    }

    static byte[] message(int field, byte[] content) {
        return join(varint(((long) field << 3) | 2), varint(content.length), content);
    }

    private static byte[] varint(long value) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        long left = value;
        while ((left & ~0x7fL) != 0) {
            out.write((int) (left & 0x7f) | 0x80);
            left >>>= 7;
        }
        out.write((int) left);
        return out.toByteArray();
    }

    static byte[] join(byte[]... parts) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            out.writeBytes(part);
        }
        return out.toByteArray();
    }
}
