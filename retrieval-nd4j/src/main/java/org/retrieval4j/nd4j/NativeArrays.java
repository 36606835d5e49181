package org.retrieval4j.nd4j;

import java.lang.ref.Reference;
import java.nio.FloatBuffer;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.indexer.FloatIndexer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.retrieval4j.api.FloatMatrix;

/**
 * The door to ND4J's arrays: where they come from, where their values go, and when they end. ND4J is started when
 * {@link #unavailable()} is first called, once a class loader, and only if {@link ArrayBackend} has nothing against it.
 *
 * <p>On the CPU an array that is filled anew for each batch lies over a block of native memory that is used again: a fresh
 * array of 50 MB costs as much as multiplying it. On a GPU each batch is an array of its own, from ND4J's cache.
 */
final class NativeArrays {
    private NativeArrays() {}

    /** Why arrays cannot be used here; empty if they can. */
    static Optional<String> unavailable() {
        return Library.FAILURE;
    }

    /** Whether the backend on the class path is CUDA's; does not start ND4J or ask the driver. */
    static boolean cuda() {
        return Backend.CUDA;
    }

    /** A copy of some floats, row after row. */
    static INDArray copyOf(float[] values, int from, int rows, int columns) {
        INDArray array = Nd4j.createUninitialized(DataType.FLOAT, new long[] {rows, columns}, 'c');
        fill(array, values, from, rows * columns);
        return array;
    }

    /** A copy of some floats, of one dimension. */
    static INDArray vector(float[] values) {
        INDArray array = Nd4j.createUninitialized(DataType.FLOAT, values.length);
        fill(array, values, 0, values.length);
        return array;
    }

    private static void fill(INDArray array, float[] values, int from, int size) {
        if (cuda()) {
            float[] part = new float[size];
            System.arraycopy(values, from, part, 0, size);
            array.data().setData(part);
        } else {
            new FloatPointer(array.data().pointer()).put(values, from, size);
            Reference.reachabilityFence(array);
        }
    }

    /** The first values of an array that is no view, in the order of its memory. */
    static void read(INDArray array, float[] target, int at, int size) {
        array.data().asNioFloat().get(target, at, size);
        Reference.reachabilityFence(array);
    }

    /** The largest value of each row, which stands at given columns: looked up on the CPU, searched again on a GPU. */
    static INDArray largest(INDArray matrix, long[] columns) {
        if (cuda()) {
            return matrix.max(1);
        }
        FloatBuffer values = matrix.data().asNioFloat();
        float[] largest = new float[columns.length];
        int width = matrix.columns();
        for (int i = 0; i < columns.length; i++) {
            largest[i] = values.get(i * width + (int) Math.max(0, columns[i]));
        }
        Reference.reachabilityFence(matrix);
        return vector(largest);
    }

    /** Arrays that stay, and are freed at {@link #close()}, but not before running uses have ended. */
    static final class Resident implements AutoCloseable {
        private final INDArray[] arrays;
        private final AtomicInteger users = new AtomicInteger(1); // the owner
        private final AtomicBoolean closed = new AtomicBoolean();

        Resident(FloatMatrix... matrices) {
            arrays = new INDArray[matrices.length];
            for (int i = 0; i < arrays.length; i++) {
                FloatMatrix matrix = matrices[i];
                arrays[i] = copyOf(matrix.array(), matrix.offset(), matrix.rows(), matrix.columns());
            }
        }

        INDArray array(int index) {
            return arrays[index];
        }

        /** Holds the array open; each call needs a {@link #release()}. */
        void acquire() {
            for (int n = users.get(); ; n = users.get()) {
                if (n == 0 || closed.get()) {
                    throw new IllegalStateException("the operand is closed");
                }
                if (users.compareAndSet(n, n + 1)) {
                    return;
                }
            }
        }

        void release() {
            if (users.decrementAndGet() == 0) {
                for (INDArray array : arrays) {
                    array.close();
                }
            }
        }

        @Override
        public void close() {
            if (closed.compareAndSet(false, true)) {
                release();
            }
        }
    }

    /** Blocks of memory for batches, which are used again until the pool is closed. Thread-safe. */
    static final class Pool implements AutoCloseable {
        private final ConcurrentLinkedQueue<Room> rooms = new ConcurrentLinkedQueue<>();
        private volatile boolean closed;

        /** A room for one thread, which gives it back by closing it. */
        Room take(long vectors, long values) {
            Room room = rooms.poll();
            if (room != null && room.vectorCapacity >= vectors && room.valueCapacity >= values) {
                return room;
            }
            if (room != null) {
                room.free();
            }
            return new Room(this, vectors, values);
        }

        private void back(Room room) {
            rooms.add(room);
            if (closed) {
                close(); // it came back after the others had gone
            }
        }

        @Override
        public void close() {
            closed = true;
            for (Room room = rooms.poll(); room != null; room = rooms.poll()) {
                room.free();
            }
        }
    }

    /** Room for a batch of vectors and for what is computed of them. For one thread. */
    static final class Room implements AutoCloseable {
        private final Pool pool;
        private final long vectorCapacity;
        private final long valueCapacity;
        private final FloatPointer vectors;
        private final FloatPointer values;
        private final float[] staging;

        private Room(Pool pool, long vectorCapacity, long valueCapacity) {
            this.pool = pool;
            this.vectorCapacity = vectorCapacity;
            this.valueCapacity = valueCapacity;
            this.vectors = new FloatPointer(cuda() ? 0 : vectorCapacity);
            this.values = new FloatPointer(cuda() ? 0 : valueCapacity);
            this.staging = new float[cuda() ? Math.toIntExact(vectorCapacity) : 0];
        }

        /** Copies floats to a place among the vectors. */
        void put(float[] source, int from, int size, int at) {
            if (cuda()) {
                System.arraycopy(source, from, staging, at, size);
            } else {
                vectors.position(at).put(source, from, size);
                vectors.position(0);
            }
        }

        /** The vectors that were put, as an array; valid until the room is closed. */
        INDArray vectors(int rows, int columns) {
            return cuda() ? copyOf(staging, 0, rows, columns) : over(vectors, rows, columns);
        }

        /** An array for values, not zeroed; valid until the room is closed. */
        INDArray values(int rows, int columns) {
            return cuda()
                    ? Nd4j.createUninitialized(DataType.FLOAT, new long[] {rows, columns}, 'c')
                    : over(values, rows, columns);
        }

        private static INDArray over(FloatPointer pointer, int rows, int columns) {
            return Nd4j.create(
                    Nd4j.createBuffer(pointer, DataType.FLOAT, (long) rows * columns, FloatIndexer.create(pointer)),
                    new long[] {rows, columns},
                    new long[] {columns, 1},
                    0,
                    'c',
                    DataType.FLOAT);
        }

        private void free() {
            vectors.close();
            values.close();
        }

        @Override
        public void close() {
            pool.back(this);
        }
    }

    /** What the class path says; constant, as ND4J's own choice is. */
    private static final class Backend {
        // this class's loader and not the thread's, or the first thread that comes decides for all
        static final ClassLoader LOADER = NativeArrays.class.getClassLoader();
        static final boolean CUDA = ArrayBackend.seesCuda(LOADER);
    }

    /** Starts ND4J at first use; constant afterwards. */
    private static final class Library {
        static final Optional<String> FAILURE = load();

        private static Optional<String> load() {
            ArrayBackend backend = ArrayBackend.find(Backend.LOADER);
            if (backend.unavailable().isPresent()) {
                return backend.unavailable();
            }
            Optional<String> blas = backend.cuda() ? Optional.empty() : NativeBlas.unavailable();
            if (blas.isPresent()) {
                return blas;
            }
            Thread thread = Thread.currentThread();
            ClassLoader before = thread.getContextClassLoader();
            thread.setContextClassLoader(Backend.LOADER); // where ND4J looks for its backend
            try {
                return start(backend.cuda());
            } catch (LinkageError | RuntimeException e) {
                return Optional.of(backend.name() + " of ND4J cannot be started: " + e);
            } finally {
                thread.setContextClassLoader(before);
            }
        }

        private static Optional<String> start(boolean cuda) {
            Nd4j.getEnvironment().setMaxMasterThreads(1); // parallel work belongs to the caller's executor
            Nd4j.getEnvironment().setMaxThreads(1);
            if (!cuda) {
                NativeBlas.oneThread(); // which ND4J's start has changed
            }
            return multipliesExactly()
                    ? Optional.empty()
                    : Optional.of("the GPU rounds factors to 10 bits (TF32), which cannot tell near ones apart: set"
                            + " NVIDIA_TF32_OVERRIDE=0");
        }

        // 1 + 2⁻¹² has 13 bits: TF32 makes 1 of it
        private static boolean multipliesExactly() {
            float factor = 1 + 0x1p-12f;
            try (INDArray a = Nd4j.valueArrayOf(new long[] {64, 64}, factor, DataType.FLOAT);
                    INDArray b = Nd4j.eye(64).castTo(DataType.FLOAT);
                    INDArray c = Nd4j.gemm(a, b, false, false)) {
                return c.getFloat(0, 0) == factor;
            }
        }
    }
}
