package org.retrieval4j.index;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.DoubleBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.kernel.Kernels;
import org.retrieval4j.storage.CorruptFileException;
import org.retrieval4j.storage.FloatRows;
import org.retrieval4j.storage.LiveSegment;
import org.retrieval4j.storage.Section;
import org.retrieval4j.storage.SectionFile;
import org.retrieval4j.storage.SectionWriter;
import org.retrieval4j.storage.Segment;

/** Vectors as they are, with their norms; on the heap or mapped. An image has one vector, or several: its regions. */
final class FlatSegment implements Segment {
    private static final int VERSION = 1;

    private final LongBuffer ids;
    private final @Nullable IntBuffer starts; // n + 1; null if each image has one vector
    private final DoubleBuffer norms;
    private final FloatRows vectors;

    private FlatSegment(LongBuffer ids, @Nullable IntBuffer starts, DoubleBuffer norms, FloatRows vectors) {
        this.ids = ids;
        this.starts = starts;
        this.norms = norms;
        this.vectors = vectors;
    }

    static FlatSegment build(long[] ids, List<? extends GlobalDescriptor> descriptors) {
        Builder builder = new Builder(ids.length);
        for (GlobalDescriptor descriptor : descriptors) {
            builder.count(rowsOf(descriptor).rows());
        }
        builder.allocate(descriptors.get(0).dimension());
        for (int i = 0; i < ids.length; i++) {
            FloatMatrix rows = rowsOf(descriptors.get(i));
            builder.ids[i] = ids[i];
            System.arraycopy(
                    rows.array(),
                    rows.offset(),
                    builder.values,
                    builder.starts[i] * rows.columns(),
                    rows.rows() * rows.columns());
        }
        return builder.build(null);
    }

    /** A descriptor's vectors: one of a dense one. */
    static FloatMatrix rowsOf(GlobalDescriptor descriptor) {
        return descriptor instanceof GlobalDescriptor.Regions regions
                ? regions.vectors()
                : FloatMatrix.ofRows(((GlobalDescriptor.Dense) descriptor).values());
    }

    static FlatSegment join(List<LiveSegment<FlatSegment>> parts) {
        int images = 0;
        for (LiveSegment<FlatSegment> part : parts) {
            images += part.liveCount();
        }
        Builder builder = new Builder(images);
        try {
            LiveSegment.forEachLive(
                    parts, (part, row) -> builder.count(part(parts, part).vectorCount(row)));
            builder.allocate(parts.get(0).segment().dimension());
            double[] norms = new double[builder.vectors()];
            int[] at = new int[1];
            LiveSegment.forEachLive(parts, (part, row) -> {
                FlatSegment from = part(parts, part);
                int i = at[0]++;
                builder.ids[i] = from.id(row);
                from.vectors.copy(
                        from.start(row), from.vectorCount(row), builder.values, builder.starts[i] * from.dimension());
                for (int v = 0; v < from.vectorCount(row); v++) {
                    norms[builder.starts[i] + v] = from.norm(from.start(row) + v);
                }
            });
            return builder.build(norms);
        } catch (IOException e) {
            throw new UncheckedIOException(e); // nothing above reads a file
        }
    }

    static void write(List<LiveSegment<FlatSegment>> parts, Path file, String kind) throws IOException {
        int images = 0;
        boolean several = false;
        int dimension = parts.get(0).segment().dimension();
        for (LiveSegment<FlatSegment> part : parts) {
            images += part.liveCount();
            several |= part.segment().starts != null;
        }
        try (SectionWriter writer = SectionWriter.create(file, kind, VERSION)) {
            writer.header("dimension", Integer.toString(dimension)).header("count", Integer.toString(images));
            try (SectionWriter.Output ids = writer.section("ids", Section.Type.LONGS, 1)) {
                long[] one = new long[1];
                LiveSegment.forEachLive(parts, (part, row) -> {
                    one[0] = part(parts, part).id(row);
                    ids.writeLongs(one, 0, 1);
                });
            }
            if (several) {
                try (SectionWriter.Output starts = writer.section("starts", Section.Type.INTS, 1)) {
                    int[] sum = new int[1];
                    starts.writeInts(sum, 0, 1);
                    LiveSegment.forEachLive(parts, (part, row) -> {
                        sum[0] = Math.addExact(sum[0], part(parts, part).vectorCount(row));
                        starts.writeInts(sum, 0, 1);
                    });
                }
            }
            try (SectionWriter.Output norms = writer.section("norms", Section.Type.DOUBLES, 1)) {
                double[] one = new double[1];
                LiveSegment.forEachLive(parts, (part, row) -> {
                    FlatSegment from = part(parts, part);
                    for (int v = from.start(row); v < from.start(row + 1); v++) {
                        one[0] = from.norm(v);
                        norms.writeDoubles(one, 0, 1);
                    }
                });
            }
            try (SectionWriter.Output vectors = writer.section("vectors", Section.Type.FLOATS, dimension)) {
                float[] one = new float[dimension];
                LiveSegment.forEachLive(parts, (part, row) -> {
                    FlatSegment from = part(parts, part);
                    for (int v = from.start(row); v < from.start(row + 1); v++) {
                        from.vectors.copy(v, 1, one, 0);
                        vectors.writeFloats(one, 0, dimension);
                    }
                });
            }
            writer.commit();
        }
    }

    static FlatSegment open(Path path, String kind) throws IOException {
        try (SectionFile file = SectionFile.open(path, kind, VERSION, VERSION)) {
            long images = file.section("ids", Section.Type.LONGS).rows();
            FloatRows vectors = FloatRows.map(file, "vectors");
            file.section("ids", Section.Type.LONGS, images, 1);
            file.section("norms", Section.Type.DOUBLES, vectors.rows(), 1);
            IntBuffer starts = null;
            if (file.find("starts").isPresent()) {
                file.section("starts", Section.Type.INTS, images + 1, 1);
                starts = file.map("starts", Section.Type.INTS).asIntBuffer();
                requireAscending(path, starts, vectors.rows());
            } else if (images != vectors.rows()) {
                throw new CorruptFileException(path, 0, images + " vectors", vectors.rows() + "");
            }
            if (images < 1 || vectors.columns() < 1) {
                throw new CorruptFileException(path, 0, "images and vectors", images + " x " + vectors.columns());
            }
            return new FlatSegment(
                    file.map("ids", Section.Type.LONGS).asLongBuffer(),
                    starts,
                    file.map("norms", Section.Type.DOUBLES).asDoubleBuffer(),
                    vectors);
        }
    }

    private static void requireAscending(Path path, IntBuffer starts, int vectors) throws CorruptFileException {
        int last = starts.limit() - 1;
        for (int i = 0; i <= last; i++) {
            int least = i == 0 ? 0 : starts.get(i - 1) + 1;
            if (starts.get(i) < least || i == 0 && starts.get(0) != 0 || i == last && starts.get(i) != vectors) {
                throw new CorruptFileException(
                        path, 0, "first vectors of images ascending from 0 to " + vectors, starts.get(i) + "");
            }
        }
    }

    private static FlatSegment part(List<LiveSegment<FlatSegment>> parts, int part) {
        return parts.get(part).segment();
    }

    @Override
    public int size() {
        return ids.limit();
    }

    @Override
    public long id(int row) {
        return ids.get(row);
    }

    @Override
    public long heapBytes() {
        long others = 16L * size() + 8L * vectors.rows();
        return vectors.heapBytes() == 0 ? 0 : vectors.heapBytes() + others;
    }

    int dimension() {
        return vectors.columns();
    }

    boolean hasRegions() {
        return starts != null;
    }

    /** The first vector of an image; that of the image after the last is the number of vectors. */
    int start(int row) {
        return starts == null ? row : starts.get(row);
    }

    int vectorCount(int row) {
        return starts == null ? 1 : starts.get(row + 1) - starts.get(row);
    }

    double norm(int vector) {
        return norms.get(vector);
    }

    FloatRows vectors() {
        return vectors;
    }

    @Override
    public void close() {
        // mappings end when nobody reaches them any more
    }

    /** Collects a segment on the heap. */
    private static final class Builder {
        final long[] ids;
        final int[] starts;
        float[] values = {};
        private int dimension;
        private int counted;

        Builder(int images) {
            ids = new long[images];
            starts = new int[images + 1];
        }

        void count(int vectors) {
            starts[counted + 1] = Math.addExact(starts[counted], vectors);
            counted++;
        }

        int vectors() {
            return starts[ids.length];
        }

        void allocate(int columns) {
            dimension = columns;
            values = new float[Math.multiplyExact(vectors(), columns)];
        }

        FlatSegment build(double @Nullable [] known) {
            double[] norms = known;
            if (norms == null) {
                norms = new double[vectors()];
                for (int v = 0; v < norms.length; v++) {
                    int at = v * dimension;
                    norms[v] = Math.sqrt(Kernels.fixedOrderDot(values, at, values, at, dimension));
                }
            }
            return new FlatSegment(
                    LongBuffer.wrap(ids),
                    vectors() == ids.length ? null : IntBuffer.wrap(starts),
                    DoubleBuffer.wrap(norms),
                    FloatRows.of(FloatMatrix.of(vectors(), dimension, values)));
        }
    }
}
