package org.retrieval4j.onnx;

import static java.util.Objects.requireNonNull;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.retrieval4j.api.BackendException;
import org.retrieval4j.api.Fingerprint;

/**
 * A loaded network: floats in, floats out. Any number of threads may run it at once; {@link #close} waits for them.
 *
 * <p>The model is read and hashed in one go and handed to ONNX Runtime as bytes, so that it never opens a file itself;
 * arrays in other files are mapped here and lent to it.
 */
final class OnnxNetwork implements AutoCloseable {
    /** Larger models keep their arrays in other files, as their format wants it from 2 GiB on anyway. */
    private static final long MAX_MODEL_BYTES = 1L << 30;

    private final String name;
    private final OrtSession session;
    private final List<OnnxTensor> externalArrays;
    private final Map<String, long[]> inputShapes;
    private final Map<String, long[]> outputShapes;
    private final Set<String> outputs;
    private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
    private final ConcurrentLinkedQueue<FloatBuffer> buffers = new ConcurrentLinkedQueue<>();
    private boolean closed;

    /** Values for one input. */
    record Input(String name, float[] values, long... shape) {}

    /** ONNX Runtime could not finish a run. */
    static final class FailedRun extends BackendException {
        private static final long serialVersionUID = 1;

        FailedRun(String message, OrtException cause) {
            super(message, cause);
        }
    }

    private OnnxNetwork(
            NetworkManifest manifest, OrtSession session, List<OnnxTensor> externalArrays, Set<String> outputs)
            throws OrtException {
        this.name = manifest.name();
        this.session = session;
        this.externalArrays = externalArrays;
        this.outputs = outputs;
        this.inputShapes = inputShapes(manifest, session);
        this.outputShapes = new LinkedHashMap<>();
        for (NodeInfo output : session.getOutputInfo().values()) {
            outputShapes.put(
                    output.getName(), output.getInfo() instanceof TensorInfo tensor ? tensor.getShape() : new long[0]);
        }
    }

    /**
     * Checks and loads a network.
     *
     * @throws IOException if a file is missing, is not the one that the manifest means, or is refused
     * @throws BackendException if ONNX Runtime cannot be loaded or does not take the model
     */
    static OnnxNetwork open(NetworkFiles files, int threads) throws IOException {
        NetworkManifest manifest = files.manifest();
        byte[] bytes = readWeights(files);
        for (NetworkManifest.WeightsFile external : manifest.external()) {
            Path file = requireNonNull(files.externalFiles().get(external.file()), external.file());
            requireHash(manifest, file, Fingerprint.ofFile(file).hex(), external.sha256());
        }
        OnnxFile model;
        try {
            model = OnnxFile.parse(bytes);
        } catch (IOException e) {
            throw new IOException(
                    "network " + manifest.name() + ": " + files.weightsFile() + " is refused: " + e.getMessage(), e);
        }
        Set<String> outputs = new LinkedHashSet<>();
        manifest.outputs().forEach(output -> outputs.add(output.name()));
        List<OnnxTensor> externalArrays = new ArrayList<>();
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            configure(options, threads);
            Map<String, OnnxTensor> arrays = ExternalArrays.map(model.external(), files, externalArrays);
            if (!arrays.isEmpty()) {
                options.addExternalInitializers(new LinkedHashMap<>(arrays));
            }
            byte[] extended = model.withOutputs(outputs);
            OrtSession session = OnnxEngine.environment().createSession(extended, options);
            try {
                return new OnnxNetwork(manifest, session, externalArrays, outputs);
            } catch (OrtException | RuntimeException e) {
                session.close();
                throw e;
            }
        } catch (OrtException e) {
            externalArrays.forEach(OnnxTensor::close);
            throw new BackendException(
                    "network " + manifest.name() + ": ONNX Runtime "
                            + OnnxEngine.status().version() + " does not take " + files.weightsFile() + ": "
                            + oneLine(e),
                    e);
        } catch (IOException | RuntimeException e) {
            externalArrays.forEach(OnnxTensor::close);
            throw e;
        }
    }

    private static void configure(OrtSession.SessionOptions options, int threads) throws OrtException {
        options.setIntraOpNumThreads(Math.min(threads, Runtime.getRuntime().availableProcessors()));
        options.setInterOpNumThreads(1);
        options.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL);
        options.addConfigEntry("session.load_model_format", "ONNX");
        // waiting threads sleep instead of burning the processors that other pictures are decoded on
        options.addConfigEntry("session.intra_op.allow_spinning", "0");
    }

    private static byte[] readWeights(NetworkFiles files) throws IOException {
        Path file = files.weightsFile();
        long size = Files.size(file);
        if (size > MAX_MODEL_BYTES) {
            throw new IOException("network " + files.manifest().name() + ": " + file + " has " + size
                    + " bytes, more than the limit of " + MAX_MODEL_BYTES);
        }
        byte[] bytes = Files.readAllBytes(file);
        requireHash(
                files.manifest(),
                file,
                Fingerprint.ofBytes(bytes).hex(),
                files.manifest().weights().sha256());
        return bytes;
    }

    private static void requireHash(NetworkManifest manifest, Path file, String found, String expected)
            throws IOException {
        if (!found.equals(expected)) {
            throw new IOException("network " + manifest.name() + ": " + file + " has the SHA-256 " + found
                    + ", but its manifest says " + expected);
        }
    }

    private static Map<String, long[]> inputShapes(NetworkManifest manifest, OrtSession session) throws OrtException {
        Set<String> named = new LinkedHashSet<>();
        manifest.inputs().forEach(input -> named.add(input.name()));
        Map<String, long[]> shapes = new LinkedHashMap<>();
        for (NodeInfo input : session.getInputInfo().values()) {
            if (!named.contains(input.getName())) {
                throw new IllegalArgumentException("network " + manifest.name() + " has an input \"" + input.getName()
                        + "\", which is not in the manifest; that has: " + String.join(", ", named));
            }
            if (!(input.getInfo() instanceof TensorInfo tensor) || tensor.type != OnnxJavaType.FLOAT) {
                throw new IllegalArgumentException("network " + manifest.name() + ": input \"" + input.getName()
                        + "\" must take float32, got " + input.getInfo());
            }
            shapes.put(input.getName(), tensor.getShape());
        }
        for (String input : named) {
            if (!shapes.containsKey(input)) {
                throw new IllegalArgumentException("network " + manifest.name() + " has no input \"" + input
                        + "\"; it has: " + String.join(", ", shapes.keySet()));
            }
        }
        return shapes;
    }

    /** The shape an input must have, −1 where any size will do. */
    long[] inputShape(String input) {
        return requireNonNull(inputShapes.get(input), input).clone();
    }

    /** The shape an output has, −1 where any size is possible; empty if the graph does not say. */
    long[] outputShape(String output) {
        return requireNonNull(outputShapes.get(output), output).clone();
    }

    /** Runs the network. All outputs of the manifest come back, in its order, by name; all values are finite. */
    Map<String, Tensor> run(List<Input> inputs) {
        lock.readLock().lock();
        List<FloatBuffer> borrowed = new ArrayList<>();
        Map<String, OnnxTensor> tensors = new LinkedHashMap<>();
        try {
            if (closed) {
                throw new IllegalStateException("network " + name + " is closed");
            }
            for (Input input : inputs) {
                FloatBuffer buffer = borrow(input.values().length);
                borrowed.add(buffer);
                buffer.put(0, input.values());
                FloatBuffer exact = buffer.slice(0, input.values().length);
                tensors.put(input.name(), OnnxTensor.createTensor(OnnxEngine.environment(), exact, input.shape()));
            }
            try (OrtSession.Result result = session.run(tensors, outputs)) {
                Map<String, Tensor> values = new LinkedHashMap<>();
                for (String output : outputs) {
                    values.put(
                            output, Tensor.copy(name, output, result.get(output).orElseThrow()));
                }
                return values;
            }
        } catch (OrtException e) {
            throw new FailedRun("network " + name + " failed: " + oneLine(e), e);
        } finally {
            tensors.values().forEach(OnnxTensor::close);
            buffers.addAll(borrowed);
            lock.readLock().unlock();
        }
    }

    private static String oneLine(OrtException e) {
        return String.valueOf(e.getMessage()).strip().replaceAll("\\s+", " ");
    }

    // Direct memory is freed only by the garbage collector, so that a new buffer for each picture would pile up. A
    // buffer that is too small is dropped; in the end there are as many large ones as threads run at once.
    private FloatBuffer borrow(int size) {
        FloatBuffer buffer = buffers.poll();
        if (buffer != null && buffer.capacity() >= size) {
            return buffer;
        }
        return ByteBuffer.allocateDirect(Math.multiplyExact(size, Float.BYTES))
                .order(ByteOrder.nativeOrder())
                .asFloatBuffer();
    }

    /** Refuses a shape that an input does not take. */
    void requireShape(String input, long... wanted) {
        long[] shape = inputShape(input);
        boolean fits = shape.length == wanted.length;
        for (int i = 0; fits && i < shape.length; i++) {
            fits = shape[i] == -1 || wanted[i] == -1 || wanted[i] == shape[i];
        }
        if (!fits) {
            throw new IllegalArgumentException("network " + name + ": input \"" + input + "\" takes the shape "
                    + Arrays.toString(shape) + ", its manifest says " + Arrays.toString(wanted)
                    + " (-1 is any size)");
        }
    }

    @Override
    public void close() {
        lock.writeLock().lock();
        try {
            if (closed) {
                return;
            }
            closed = true;
            session.close();
            externalArrays.forEach(OnnxTensor::close);
            buffers.clear();
        } catch (OrtException e) {
            throw new BackendException("network " + name + " could not be closed: " + e.getMessage(), e);
        } finally {
            lock.writeLock().unlock();
        }
    }
}
