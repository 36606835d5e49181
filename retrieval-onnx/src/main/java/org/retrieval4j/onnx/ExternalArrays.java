package org.retrieval4j.onnx;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Maps arrays that lie in files beside a model, so that ONNX Runtime need not, and may not, open these files. */
final class ExternalArrays {
    private ExternalArrays() {}

    /**
     * Maps all arrays.
     *
     * @param opened is given every tensor as soon as it exists; its owner closes them after the session
     * @return the tensors by the arrays' names
     */
    static Map<String, OnnxTensor> map(
            List<OnnxFile.ExternalArray> arrays, NetworkFiles files, Collection<OnnxTensor> opened)
            throws IOException, OrtException {
        Map<String, OnnxTensor> tensors = new LinkedHashMap<>();
        for (OnnxFile.ExternalArray array : arrays) {
            String where = "network " + files.manifest().name() + ": array \"" + array.name() + "\"";
            Path file = files.externalFiles().get(array.file());
            if (file == null) {
                throw new IOException(where + " lies in \"" + array.file() + "\", which the manifest does not list"
                        + " under external: "
                        + String.join(", ", files.externalFiles().keySet()));
            }
            OnnxJavaType type = type(array.dataType());
            long length = type.size;
            for (long side : array.dimensions()) {
                if (side < 0 || (side > 0 && length > Integer.MAX_VALUE / side)) {
                    throw new IOException(where + " is larger than 2 GiB, or has a negative side");
                }
                length *= side;
            }
            if (type == OnnxJavaType.UNKNOWN || (array.length() >= 0 && array.length() != length)) {
                throw new IOException(where + " of type " + array.dataType() + " and " + length
                        + " bytes is said to have " + array.length());
            }
            OnnxTensor tensor = OnnxTensor.createTensor(
                    OnnxEngine.environment(), map(where, file, array.offset(), length), array.dimensions(), type);
            opened.add(tensor);
            if (tensors.put(array.name(), tensor) != null) {
                throw new IOException(where + " is there twice");
            }
        }
        return tensors;
    }

    private static ByteBuffer map(String where, Path file, long offset, long length) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            if (offset > channel.size() - length) {
                throw new IOException(where + " ends behind the end of " + file);
            }
            // the mapping outlives the channel
            return channel.map(FileChannel.MapMode.READ_ONLY, offset, length).order(ByteOrder.nativeOrder());
        }
    }

    // Numbers of TensorProto.DataType in onnx.proto3.
    private static OnnxJavaType type(int dataType) {
        return switch (dataType) {
            case 1 -> OnnxJavaType.FLOAT;
            case 2 -> OnnxJavaType.UINT8;
            case 3 -> OnnxJavaType.INT8;
            case 5 -> OnnxJavaType.INT16;
            case 6 -> OnnxJavaType.INT32;
            case 7 -> OnnxJavaType.INT64;
            case 9 -> OnnxJavaType.BOOL;
            case 10 -> OnnxJavaType.FLOAT16;
            case 11 -> OnnxJavaType.DOUBLE;
            case 16 -> OnnxJavaType.BFLOAT16;
            default -> OnnxJavaType.UNKNOWN;
        };
    }
}
