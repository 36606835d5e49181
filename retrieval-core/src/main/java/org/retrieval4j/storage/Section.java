package org.retrieval4j.storage;

import static java.util.Objects.requireNonNull;

/**
 * A named array in a container file.
 *
 * @param name its name, unique in the file
 * @param type type of its values
 * @param rows number of rows
 * @param columns values a row; 1 for a plain array
 * @param offset where it starts in the file, a multiple of 64
 * @param crc CRC32C of its bytes
 */
public record Section(String name, Type type, long rows, int columns, long offset, int crc) {
    /** Checks that name and type are there. */
    public Section {
        requireNonNull(name, "name");
        requireNonNull(type, "type");
    }

    /** The types of values, little-endian in the file. The order is part of the format. */
    public enum Type {
        /** Bytes. */
        BYTES(1),
        /** 32-bit integers. */
        INTS(4),
        /** 64-bit integers. */
        LONGS(8),
        /** IEEE 754 binary32. */
        FLOATS(4),
        /** IEEE 754 binary64. */
        DOUBLES(8);

        private final int bytes;

        Type(int bytes) {
            this.bytes = bytes;
        }

        /**
         * Size of one value.
         *
         * @return bytes a value
         */
        public int bytes() {
            return bytes;
        }
    }

    /**
     * Number of values.
     *
     * @return rows times columns
     */
    public long size() {
        return rows * columns;
    }

    /**
     * Length in the file.
     *
     * @return bytes
     */
    public long bytes() {
        return size() * type.bytes();
    }

    /**
     * Size of one row in the file.
     *
     * @return bytes a row
     */
    public long rowBytes() {
        return (long) columns * type.bytes();
    }
}
