package org.retrieval4j.onnx;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Walks over the fields of one protocol buffer message, every length checked against what is there. */
final class ProtobufReader {
    private static final int VARINT = 0;
    private static final int FIXED_64 = 1;
    private static final int LENGTH_DELIMITED = 2;
    private static final int FIXED_32 = 5;

    private final byte[] bytes;
    private final int end;
    private int at;

    ProtobufReader(byte[] bytes) {
        this(bytes, 0, bytes.length);
    }

    private ProtobufReader(byte[] bytes, int from, int end) {
        this.bytes = bytes;
        this.at = from;
        this.end = end;
    }

    /** One field: a number in {@code value}, or bytes from {@code from} to {@code to}. Number 0 is the end. */
    record Field(byte[] bytes, int number, int type, long value, int from, int to) {
        boolean isEnd() {
            return number == 0;
        }

        long varint() throws IOException {
            require(VARINT);
            return value;
        }

        ProtobufReader message() throws IOException {
            require(LENGTH_DELIMITED);
            return new ProtobufReader(bytes, from, to);
        }

        String text() throws IOException {
            require(LENGTH_DELIMITED);
            try {
                return StandardCharsets.UTF_8
                        .newDecoder()
                        .decode(ByteBuffer.wrap(bytes, from, to - from))
                        .toString();
            } catch (CharacterCodingException e) {
                throw new IOException(
                        "it is no ONNX model, or a damaged one: text that is not UTF-8 at byte " + from, e);
            }
        }

        /** Adds the numbers of a repeated field, packed or not. */
        void addVarints(List<Long> numbers) throws IOException {
            if (type == VARINT) {
                numbers.add(value);
                return;
            }
            ProtobufReader packed = message();
            while (packed.at < packed.end) {
                numbers.add(packed.readVarint());
            }
        }

        private void require(int wanted) throws IOException {
            if (type != wanted) {
                throw new IOException(
                        "it is no ONNX model: field " + number + " has wire type " + type + ", not " + wanted);
            }
        }
    }

    /** The next field. */
    Field next() throws IOException {
        if (at >= end) {
            return new Field(bytes, 0, 0, 0, end, end);
        }
        long tag = readVarint();
        int type = (int) (tag & 7);
        long number = tag >>> 3;
        if (number < 1 || number > (1 << 29) - 1) {
            throw broken("field number " + number);
        }
        long value = 0;
        long length =
                switch (type) {
                    case VARINT -> {
                        value = readVarint();
                        yield 0;
                    }
                    case FIXED_64 -> 8;
                    case LENGTH_DELIMITED -> readVarint();
                    case FIXED_32 -> 4;
                    default -> throw broken("wire type " + type);
                };
        if (length < 0 || length > end - at) {
            throw broken("a field of " + length + " bytes where " + (end - at) + " are left");
        }
        int from = at;
        at += (int) length;
        return new Field(bytes, (int) number, type, value, from, at);
    }

    private long readVarint() throws IOException {
        long value = 0;
        for (int shift = 0; shift < 64; shift += 7) {
            if (at >= end) {
                throw broken("a number that does not end");
            }
            byte part = bytes[at++];
            value |= (long) (part & 0x7f) << shift;
            if (part >= 0) {
                return value;
            }
        }
        throw broken("a number of more than ten bytes");
    }

    private IOException broken(String what) {
        return new IOException("it is no ONNX model, or a damaged one: " + what + " at byte " + at);
    }

    /** A field of bytes: text, or a message. */
    static byte[] lengthDelimited(int number, byte[] content) {
        ByteArrayOutputStream field = new ByteArrayOutputStream(content.length + 12);
        writeVarint(field, ((long) number << 3) | LENGTH_DELIMITED);
        writeVarint(field, content.length);
        field.writeBytes(content);
        return field.toByteArray();
    }

    private static void writeVarint(ByteArrayOutputStream out, long value) {
        long rest = value;
        while (rest >>> 7 != 0) {
            out.write((int) ((rest & 0x7f) | 0x80));
            rest >>>= 7;
        }
        out.write((int) rest);
    }
}
