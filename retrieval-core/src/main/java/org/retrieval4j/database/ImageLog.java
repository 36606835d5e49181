package org.retrieval4j.database;

import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.CRC32C;
import org.retrieval4j.storage.CorruptFileException;
import org.retrieval4j.storage.UnsupportedVersionException;

/**
 * The append-only log of a database: what was acknowledged, but is in no segment yet.
 *
 * <pre>
 * file   "r4j-log\n", version u32, CRC32C of these 12 bytes u32, frames
 * frame  magic u32, payload length u32, forced i64, CRC32C of length, forced and payload u32, payload
 * </pre>
 *
 * <p>All numbers are little-endian. A frame without payload closes a group: it is written after the group was forced.
 * {@code forced} is the offset up to which everything had been forced when the frame was written. With it a torn tail,
 * which was never acknowledged and is cut off, can be told from damage: if a whole frame follows that knows of a forced
 * byte behind the bad place, acknowledged records are lost, and that is an error.
 *
 * <p>One thread appends while others read blobs. The file is no {@link java.nio.channels.FileChannel}, because that
 * would close for all of them when one is interrupted.
 */
final class ImageLog implements Blob.Source, Closeable {
    private static final byte[] MAGIC = "r4j-log\n".getBytes(StandardCharsets.US_ASCII);
    private static final int VERSION = 1;
    private static final int HEADER = 16;
    private static final int FRAME_MAGIC = 0x674c_3472; // "r4Lg"
    private static final int FRAME = 20;

    private final Path path;
    private final RandomAccessFile file;
    private long end;
    private long forced;
    private boolean dirty;
    private int users = 1;

    private ImageLog(Path path, RandomAccessFile file) {
        this.path = path;
        this.file = file;
    }

    /** Starts an empty log; the file must not exist, or is of no use any more. */
    static ImageLog create(Path path) throws IOException {
        RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw");
        try {
            ByteBuffer header = ByteBuffer.allocate(HEADER).order(ByteOrder.LITTLE_ENDIAN);
            header.put(MAGIC).putInt(VERSION);
            header.putInt(Blob.crc(ByteBuffer.wrap(header.array(), 0, HEADER - Integer.BYTES)));
            file.setLength(0);
            file.write(header.array());
            file.getFD().sync();
            ImageLog log = new ImageLog(path, file);
            log.end = HEADER;
            log.forced = HEADER;
            return log;
        } catch (IOException | RuntimeException e) {
            file.close();
            throw e;
        }
    }

    /**
     * Opens a log and tells a sink all that it holds.
     *
     * @param writable whether a torn tail is cut off the file; else it is only left out
     */
    static ImageLog open(Path path, boolean writable, LogRecord.Sink sink) throws IOException {
        RandomAccessFile file = new RandomAccessFile(path.toFile(), writable ? "rw" : "r");
        try {
            ImageLog log = new ImageLog(path, file);
            log.replay(sink);
            if (writable && file.length() > log.end) {
                file.setLength(log.end);
                file.getFD().sync();
            }
            return log;
        } catch (IOException | RuntimeException e) {
            file.close();
            throw e;
        }
    }

    @Override
    public Path path() {
        return path;
    }

    /** Bytes so far. */
    long length() {
        return end;
    }

    /** Bytes that were appended since the log was last forced. */
    long unforcedBytes() {
        return end - forced;
    }

    /** Tells whether the log holds no record. */
    boolean isEmpty() {
        return end == HEADER;
    }

    /** Appends a record and tells the sink; it is not safe before {@link #force()}. */
    void append(LogRecord record, LogRecord.Sink sink) throws IOException {
        byte[] payload = record.encode();
        long at = end + FRAME;
        dirty = true;
        write(payload);
        LogRecord.decode(payload, this, at, sink);
    }

    /** Forces what was appended to the disk. */
    void force() throws IOException {
        if (!dirty) {
            return;
        }
        file.getFD().sync();
        forced = end; // and not beyond: the closing frame may be torn without any loss
        write(new byte[0]);
        dirty = false;
    }

    private synchronized void write(byte[] payload) throws IOException {
        ByteBuffer frame = ByteBuffer.allocate(FRAME).order(ByteOrder.LITTLE_ENDIAN);
        frame.putInt(FRAME_MAGIC).putInt(payload.length).putLong(forced).putInt(crc(payload, forced));
        file.seek(end);
        file.write(frame.array());
        file.write(payload);
        end += FRAME + payload.length;
    }

    @Override
    public synchronized ByteBuffer read(long offset, int length) throws IOException {
        byte[] bytes = new byte[length];
        file.seek(offset);
        try {
            file.readFully(bytes);
        } catch (EOFException e) {
            CorruptFileException corrupt =
                    new CorruptFileException(path, offset, length + " bytes", "the end of the file");
            corrupt.initCause(e);
            throw corrupt;
        }
        return ByteBuffer.wrap(bytes);
    }

    /** Keeps the file open for one more user; false if it is closed already. */
    synchronized boolean tryUse() {
        if (users == 0) {
            return false;
        }
        users++;
        return true;
    }

    /** Ends one use; the last one, or the end of the log's owner, closes the file. */
    @Override
    public synchronized void close() throws IOException {
        if (users > 0 && --users == 0) {
            file.close();
        }
    }

    private void replay(LogRecord.Sink sink) throws IOException {
        long length = file.length();
        if (length < HEADER) {
            throw new CorruptFileException(path, length, "a header of " + HEADER + " bytes", "the end of the file");
        }
        ByteBuffer header = read(0, HEADER).order(ByteOrder.LITTLE_ENDIAN);
        if (!Arrays.equals(MAGIC, 0, MAGIC.length, header.array(), 0, MAGIC.length)) {
            throw new CorruptFileException(path, 0, "the magic bytes of a log", "others");
        }
        int version = header.getInt(MAGIC.length);
        int crc = Blob.crc(ByteBuffer.wrap(header.array(), 0, HEADER - Integer.BYTES));
        if (crc != header.getInt(HEADER - Integer.BYTES)) {
            throw new CorruptFileException(path, 0, "a header with its CRC32C", "another CRC32C");
        }
        if (version != VERSION) {
            throw new UnsupportedVersionException(path, "log", version, VERSION, VERSION);
        }
        end = HEADER;
        byte[] payload = frame(end, length);
        while (payload != null) {
            if (payload.length > 0) {
                try {
                    LogRecord.decode(payload, this, end + FRAME, sink);
                } catch (IllegalArgumentException e) {
                    CorruptFileException corrupt =
                            new CorruptFileException(path, end, "a record", String.valueOf(e.getMessage()));
                    corrupt.initCause(e);
                    throw corrupt;
                }
            }
            end += FRAME + payload.length;
            payload = frame(end, length);
        }
        requireTorn(length);
        forced = end;
    }

    /** The payload of the frame at a place; null if there is no whole frame. */
    private byte @org.jspecify.annotations.Nullable [] frame(long at, long fileLength) throws IOException {
        if (fileLength - at < FRAME) {
            return null;
        }
        ByteBuffer frame = read(at, FRAME).order(ByteOrder.LITTLE_ENDIAN);
        int length = frame.getInt(4);
        if (frame.getInt(0) != FRAME_MAGIC || length < 0 || length > fileLength - at - FRAME) {
            return null;
        }
        byte[] payload = read(at + FRAME, length).array();
        return crc(payload, frame.getLong(8)) == frame.getInt(16) ? payload : null;
    }

    /** Looks behind the last whole frame for one that knows that bytes there were forced. */
    private void requireTorn(long length) throws IOException {
        byte[] window = new byte[1 << 16];
        for (long from = end + 1; from < length - FRAME; from += window.length - FRAME) {
            int n = (int) Math.min(window.length, length - from);
            ByteBuffer bytes = read(from, n).order(ByteOrder.LITTLE_ENDIAN);
            for (int i = 0; i + FRAME <= n; i++) {
                if (bytes.getInt(i) == FRAME_MAGIC && bytes.getLong(i + 8) > end && frame(from + i, length) != null) {
                    throw new CorruptFileException(
                            path, end, "a whole record, because what follows it was acknowledged", "a damaged one");
                }
            }
        }
    }

    private static int crc(byte[] payload, long forced) {
        ByteBuffer start = ByteBuffer.allocate(12).order(ByteOrder.LITTLE_ENDIAN);
        start.putInt(payload.length).putLong(forced).flip();
        CRC32C crc = new CRC32C();
        crc.update(start);
        crc.update(payload, 0, payload.length);
        return (int) crc.getValue();
    }
}
