package org.retrieval4j.image;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.lang.reflect.Modifier;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.retrieval4j.api.BackendException;
import org.retrieval4j.api.Image;
import org.retrieval4j.api.ImageFormatException;
import org.retrieval4j.api.ImageHeader;
import org.retrieval4j.spi.ImageDecoder;

/**
 * Decodes in child JVMs, for pictures from strangers: a native decoder that a file crashes takes the child with it, and
 * the caller gets an {@link ImageFormatException} {@code decoder crashed}. The next picture gets a new child. A child
 * that does not answer in time is killed.
 *
 * <p>Costs the start of a JVM once a child, and a copy of the pixels through a pipe each time. Children start at the first
 * picture and end with {@link #close} or with this JVM. Thread-safe; no more pictures are decoded at once than there may
 * be children, further callers wait. Starts no threads, but the JDK has one to wait for each child.
 */
public final class ChildProcessDecoder implements ImageDecoder, AutoCloseable {
    static final int LONGEST_MESSAGE = 3000;
    private static final long POLL_NANOS = 100_000;

    private final ImageDecoder decoder;
    private final Options options;
    private final Semaphore slots;
    private final ConcurrentLinkedDeque<Child> idle = new ConcurrentLinkedDeque<>();
    private volatile boolean closed;

    /**
     * How children are run.
     *
     * @param processes how many may run, and so how many pictures are decoded at once
     * @param timeout what one picture may take, the start of a child included
     * @param java the program that starts a JVM
     * @param classPath class path of the children, with the decoder and this library on it
     * @param arguments arguments of the JVM; its heap must hold a file and its pixels
     */
    public record Options(int processes, Duration timeout, Path java, String classPath, List<String> arguments) {
        /** Checks the bounds. */
        public Options {
            requireNonNull(java, "java");
            requireNonNull(classPath, "classPath");
            arguments = List.copyOf(arguments);
            if (processes < 1) {
                throw new IllegalArgumentException("processes must be at least 1, got " + processes);
            }
            if (timeout.isNegative() || timeout.isZero()) {
                throw new IllegalArgumentException("timeout must be positive, got " + timeout);
            }
        }

        /**
         * One child with this JVM's class path and 1 GB of heap, one minute a picture.
         *
         * @return the defaults
         */
        public static Options defaults() {
            return new Options(
                    1,
                    Duration.ofMinutes(1),
                    Path.of(System.getProperty("java.home"), "bin", "java"),
                    System.getProperty("java.class.path"),
                    List.of("-Xmx1g"));
        }

        /**
         * With another number of children.
         *
         * @param value how many may run
         * @return the changed options
         */
        public Options withProcesses(int value) {
            return new Options(value, timeout, java, classPath, arguments);
        }

        /**
         * With another time limit.
         *
         * @param value what one picture may take
         * @return the changed options
         */
        public Options withTimeout(Duration value) {
            return new Options(processes, value, java, classPath, arguments);
        }

        /**
         * With another class path, where this JVM's does not say it (a class loader of its own, the module path).
         *
         * @param value entries as for {@code java -cp}
         * @return the changed options
         */
        public Options withClassPath(String value) {
            return new Options(processes, timeout, java, value, arguments);
        }
    }

    /**
     * A decoder that does its work elsewhere.
     *
     * @param decoder what to run in the children: of a public class with a public constructor without parameters; it is
     *     asked for its name and formats here, but never decodes here
     * @param options how children are run
     */
    public ChildProcessDecoder(ImageDecoder decoder, Options options) {
        this.decoder = requireNonNull(decoder, "decoder");
        this.options = requireNonNull(options, "options");
        this.slots = new Semaphore(options.processes, true);
        boolean constructible = Modifier.isPublic(decoder.getClass().getModifiers())
                && Arrays.stream(decoder.getClass().getConstructors()).anyMatch(c -> c.getParameterCount() == 0);
        if (!constructible) {
            throw new IllegalArgumentException("decoder must be of a public class with a public constructor without"
                    + " parameters, got " + decoder.getClass().getName());
        }
    }

    /** The name of the decoder that runs in the children: the pixels are the same. */
    @Override
    public String name() {
        return decoder.name();
    }

    @Override
    public int priority() {
        return decoder.priority();
    }

    @Override
    public boolean supports(ImageHeader.Format format) {
        return decoder.supports(format);
    }

    /**
     * Decodes in a child.
     *
     * @throws ImageFormatException if the decoder refuses the file, crashes, or takes too long
     * @throws BackendException if no child can be started, or the decoder cannot work there
     * @throws IllegalStateException after {@link #close}
     */
    @Override
    public Image decode(byte[] bytes, ImageHeader header) throws IOException {
        requireNonNull(header, "header");
        try {
            slots.acquire();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while waiting for a decoder");
        }
        try {
            if (closed) {
                throw new IllegalStateException("the decoder is closed");
            }
            return decodeInSlot(bytes, header);
        } finally {
            slots.release();
        }
    }

    private Image decodeInSlot(byte[] bytes, ImageHeader header) throws IOException {
        long deadline = System.nanoTime() + options.timeout.toNanos();
        Child child = idle.poll();
        boolean healthy = false;
        try {
            if (child == null || !child.process.isAlive()) {
                child = start(deadline);
            }
            Image image = child.decode(bytes, header, deadline);
            healthy = true;
            return image;
        } catch (Refused e) {
            healthy = true;
            throw e.reason();
        } finally {
            if (healthy) {
                idle.push(requireNonNull(child));
            } else if (child != null) {
                child.kill();
            }
        }
    }

    private Child start(long deadline) throws IOException {
        List<String> command = new ArrayList<>(List.of(options.java.toString()));
        // a crash is expected here: no report of it in the working directory
        command.addAll(List.of("-XX:+SuppressFatalErrorMessage", "-XX:+UseSerialGC", "-Djava.awt.headless=true"));
        command.addAll(options.arguments);
        command.addAll(List.of("-cp", options.classPath));
        command.addAll(
                List.of(DecoderProcess.class.getName(), decoder.getClass().getName()));
        Process process;
        try {
            process = new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
        } catch (IOException e) {
            throw new BackendException("a process for decoding cannot be started: " + e.getMessage(), e);
        }
        Child child = new Child(process);
        try {
            child.readMagic(deadline);
        } catch (InterruptedIOException e) {
            child.kill();
            throw e;
        } catch (IOException e) {
            child.kill();
            throw new BackendException(
                    "a process for decoding does not start; is the decoder on its class path? " + options.classPath, e);
        }
        return child;
    }

    /** Ends the children, after running calls have ended. Idempotent. */
    @Override
    public void close() {
        closed = true;
        slots.acquireUninterruptibly(options.processes);
        try {
            for (Child child = idle.poll(); child != null; child = idle.poll()) {
                child.kill();
            }
        } finally {
            slots.release(options.processes);
        }
    }

    /** The child is well and refused the picture. */
    private static final class Refused extends Exception {
        private static final long serialVersionUID = 1;

        private final transient @Nullable ImageFormatException format;

        Refused(@Nullable ImageFormatException format, String message) {
            super(message);
            this.format = format;
        }

        IOException reason() {
            if (format != null) {
                return format;
            }
            throw new BackendException("decoding failed in the child process: " + getMessage());
        }
    }

    /** One child JVM; used by one thread at a time. */
    private static final class Child {
        private final Process process;
        private final InputStream in;
        private final OutputStream out;

        Child(Process process) {
            this.process = process;
            this.in = process.getInputStream();
            this.out = process.getOutputStream();
        }

        Image decode(byte[] bytes, ImageHeader header, long deadline) throws IOException, Refused {
            try {
                out.write(ByteBuffer.allocate(4).putInt(bytes.length).array());
                out.write(bytes);
                out.flush();
            } catch (IOException e) {
                throw crashed(e);
            }
            readMagic(deadline);
            int status = readInt(deadline);
            if (status != DecoderProcess.DECODED) {
                int length = readInt(deadline);
                if (length < 0 || length > LONGEST_MESSAGE) {
                    throw crashed(null);
                }
                String message = new String(read(length, deadline), StandardCharsets.UTF_8);
                throw new Refused(status == DecoderProcess.REFUSED ? new ImageFormatException(message) : null, message);
            }
            if (readInt(deadline) != header.width() || readInt(deadline) != header.height()) {
                throw new ImageFormatException("damaged " + header.format() + ": its header tells another size");
            }
            int size = Math.multiplyExact(3, Math.multiplyExact(header.width(), header.height()));
            return new Image(header.width(), header.height(), read(size, deadline), header.orientation());
        }

        void readMagic(long deadline) throws IOException {
            if (readInt(deadline) != DecoderProcess.MAGIC) {
                throw crashed(null);
            }
        }

        private int readInt(long deadline) throws IOException {
            return ByteBuffer.wrap(read(4, deadline)).getInt();
        }

        // A pipe cannot be read with a time limit, but it can be asked whether there is something to read.
        private byte[] read(int length, long deadline) throws IOException {
            byte[] bytes = new byte[length];
            int at = 0;
            try {
                while (at < length) {
                    boolean alive = process.isAlive(); // before available(): a dead child adds nothing after it
                    int available = in.available();
                    if (available > 0) {
                        at += in.read(bytes, at, Math.min(available, length - at));
                    } else if (!alive) {
                        throw crashed(null);
                    } else if (System.nanoTime() - deadline > 0) {
                        throw new ImageFormatException("decoder took too long");
                    } else if (Thread.currentThread().isInterrupted()) {
                        throw new InterruptedIOException("interrupted while a child decodes");
                    } else {
                        LockSupport.parkNanos(POLL_NANOS);
                    }
                }
            } catch (ImageFormatException | InterruptedIOException e) {
                throw e;
            } catch (IOException e) {
                throw crashed(e);
            }
            return bytes;
        }

        private static ImageFormatException crashed(@Nullable IOException cause) {
            return cause == null
                    ? new ImageFormatException("decoder crashed")
                    : new ImageFormatException("decoder crashed", cause);
        }

        void kill() {
            process.destroyForcibly();
            try {
                process.waitFor(10, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
