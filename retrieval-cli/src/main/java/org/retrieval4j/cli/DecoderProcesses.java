package org.retrieval4j.cli;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.retrieval4j.api.Image;
import org.retrieval4j.api.ImageFormatException;
import org.retrieval4j.api.ImageHeader;
import org.retrieval4j.api.Orientation;
import org.retrieval4j.spi.ImageDecoder;

/**
 * Child processes that decode pictures: when a native decoder crashes or hangs, one picture is lost and a new child is
 * started. A child is a JVM of its own on the same class path that runs {@link DecoderProcess}; picture and answer pass
 * through its standard input and output. Thread-safe.
 */
final class DecoderProcesses implements AutoCloseable {
    private static final long TIMEOUT_SECONDS = 120;

    private final Semaphore free;
    private final Deque<Child> idle = new ArrayDeque<>();
    private final Set<Child> all = new HashSet<>();
    private final ScheduledExecutorService watchdog = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "retrieval-decoder-watchdog");
        thread.setDaemon(true);
        return thread;
    });
    private boolean closed;

    DecoderProcesses(int processes) {
        free = new Semaphore(processes);
    }

    /** A decoder that does in a child what another one does; it has that one's name, since it gives the same pixels. */
    ImageDecoder decoder(ImageDecoder inside) {
        return new ImageDecoder() {
            @Override
            public String name() {
                return inside.name();
            }

            @Override
            public int priority() {
                return inside.priority();
            }

            @Override
            public boolean supports(ImageHeader.Format format) {
                return inside.supports(format);
            }

            @Override
            public Image decode(byte[] bytes, ImageHeader header) throws IOException {
                return DecoderProcesses.this.decode(inside.name(), bytes, header);
            }
        };
    }

    private Image decode(String decoder, byte[] bytes, ImageHeader header) throws IOException {
        free.acquireUninterruptibly();
        try {
            Child child = take();
            Image image;
            try {
                image = child.decode(decoder, bytes, header);
            } catch (ImageFormatException refused) {
                give(child);
                throw refused;
            } catch (IOException broken) {
                String end = child.end();
                drop(child);
                throw new ImageFormatException("the decoder process " + end + " on this picture", broken);
            }
            give(child);
            return image;
        } finally {
            free.release();
        }
    }

    private synchronized Child take() throws IOException {
        if (closed) {
            throw new IllegalStateException("the decoder processes are closed");
        }
        Child child = idle.poll();
        if (child == null) {
            child = new Child();
            all.add(child);
        }
        return child;
    }

    private synchronized void give(Child child) {
        idle.push(child);
    }

    private synchronized void drop(Child child) {
        all.remove(child);
        child.kill();
    }

    @Override
    public synchronized void close() {
        closed = true;
        watchdog.shutdownNow();
        all.forEach(Child::kill);
        all.clear();
        idle.clear();
    }

    private final class Child {
        private final Process process;
        private final DataOutputStream to;
        private final DataInputStream from;
        private volatile boolean timedOut;

        Child() throws IOException {
            List<String> command = new ArrayList<>(ChildProcess.javaCommand());
            command.add(DecoderProcess.class.getName());
            process = new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            to = new DataOutputStream(new BufferedOutputStream(process.getOutputStream(), 1 << 16));
            from = new DataInputStream(new BufferedInputStream(process.getInputStream(), 1 << 16));
        }

        Image decode(String decoder, byte[] bytes, ImageHeader header) throws IOException {
            ScheduledFuture<?> timer = watchdog.schedule(
                    () -> {
                        timedOut = true;
                        kill();
                    },
                    TIMEOUT_SECONDS,
                    TimeUnit.SECONDS);
            try {
                to.writeUTF(decoder);
                to.writeInt(bytes.length);
                to.write(bytes);
                to.flush();
                if (from.readBoolean()) {
                    int width = from.readInt();
                    int height = from.readInt();
                    Orientation orientation = Orientation.ofExif(from.readInt());
                    if (width != header.width() || height != header.height()) {
                        throw new IOException("the decoder process answers with another size");
                    }
                    byte[] rgb = new byte[3 * width * height]; // bounded by the reader's limit on pixels
                    from.readFully(rgb);
                    return new Image(width, height, rgb, orientation);
                }
                throw new ImageFormatException(from.readUTF());
            } finally {
                timer.cancel(false);
            }
        }

        void kill() {
            process.destroyForcibly();
        }

        String end() {
            if (timedOut) {
                return "took more than " + TIMEOUT_SECONDS + " s";
            }
            try {
                return process.waitFor(5, TimeUnit.SECONDS) ? "ended with code " + process.exitValue() : "hung";
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return "was interrupted";
            }
        }
    }
}
