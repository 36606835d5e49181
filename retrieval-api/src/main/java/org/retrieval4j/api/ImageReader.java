package org.retrieval4j.api;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.ServiceLoader;
import org.retrieval4j.spi.ImageDecoder;

/**
 * Reads picture files: the header first, in Java, then limits, then the preferred decoder. Thread-safe.
 */
public final class ImageReader {
    private final List<ImageDecoder> decoders;
    private final ImageLimits limits;

    /**
     * A reader with given decoders.
     *
     * @param decoders in any order
     * @param limits what a file may be
     */
    public ImageReader(List<? extends ImageDecoder> decoders, ImageLimits limits) {
        List<ImageDecoder> sorted = new ArrayList<>(decoders);
        sorted.sort(Comparator.comparingInt(ImageDecoder::priority).reversed());
        this.decoders = List.copyOf(sorted);
        this.limits = requireNonNull(limits, "limits");
    }

    /**
     * A reader with all decoders that the thread's context class loader sees.
     *
     * @param limits what a file may be
     * @return the reader
     */
    public static ImageReader load(ImageLimits limits) {
        List<ImageDecoder> found = new ArrayList<>();
        ServiceLoader.load(ImageDecoder.class).forEach(found::add);
        return new ImageReader(found, limits);
    }

    /**
     * The decoders, preferred first.
     *
     * @return the decoders
     */
    public List<ImageDecoder> decoders() {
        return decoders;
    }

    /**
     * Reads a file.
     *
     * @param file the file
     * @return the picture as stored, its orientation beside it
     * @throws ImageFormatException if it is not a picture, is truncated, or exceeds a limit
     * @throws IOException if it cannot be read
     */
    public Image read(Path file) throws IOException {
        return read(bytes(file));
    }

    /**
     * Reads the bytes of a file, for a caller who looks at them before {@link #read(byte[])}.
     *
     * @param file the file
     * @return all its bytes
     * @throws ImageFormatException if it is empty or larger than the limit
     * @throws IOException if it cannot be read
     */
    public byte[] bytes(Path file) throws IOException {
        long size = Files.size(file);
        if (size == 0) {
            throw new ImageFormatException("empty file");
        }
        if (size > limits.maxBytes()) {
            throw new ImageFormatException("file of " + size + " bytes exceeds the limit of " + limits.maxBytes());
        }
        return Files.readAllBytes(file);
    }

    /**
     * Reads the bytes of a part of a file, as of a picture in an archive.
     *
     * @param file the file
     * @param offset where they begin
     * @param length how many there are
     * @return all of them
     * @throws ImageFormatException if there are none, more than the limit, or the file ends before
     * @throws IOException if it cannot be read
     */
    public byte[] bytes(Path file, long offset, long length) throws IOException {
        if (length == 0) {
            throw new ImageFormatException("empty file");
        }
        if (length > limits.maxBytes()) {
            throw new ImageFormatException("file of " + length + " bytes exceeds the limit of " + limits.maxBytes());
        }
        try (SeekableByteChannel channel = Files.newByteChannel(file)) {
            if (offset < 0 || length < 0 || offset > channel.size() - length) {
                throw new ImageFormatException("a part of " + length + " bytes at " + offset
                        + " is not inside a file of " + channel.size() + " bytes");
            }
            ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(length));
            channel.position(offset);
            while (bytes.hasRemaining() && channel.read(bytes) >= 0) {
                // more may come
            }
            if (bytes.hasRemaining()) {
                throw new ImageFormatException("the file was cut while it was read");
            }
            return bytes.array();
        }
    }

    /**
     * Reads a file's bytes.
     *
     * @param bytes the whole file
     * @return the picture as stored, its orientation beside it
     * @throws ImageFormatException if it is not a picture, is truncated, or exceeds a limit
     * @throws IOException if the decoder fails otherwise
     */
    public Image read(byte[] bytes) throws IOException {
        ImageHeader header = ImageHeader.read(bytes);
        long pixels = (long) header.width() * header.height();
        if (pixels > limits.maxPixels()) {
            throw new ImageFormatException(String.format(
                    Locale.ROOT,
                    "%d x %d = %.1f megapixels exceed the limit of %.1f",
                    header.width(),
                    header.height(),
                    pixels / 1e6,
                    limits.maxPixels() / 1e6));
        }
        boolean common =
                switch (header.format()) {
                    case JPEG, PNG, WEBP -> true;
                    default -> false;
                };
        if (!common && !limits.allowUncommonFormats()) {
            throw new ImageFormatException(header.format() + " is read only where uncommon formats are allowed");
        }
        for (ImageDecoder decoder : decoders) {
            if (decoder.supports(header.format())) {
                Image image = decoder.decode(bytes, header);
                if (image.width() != header.width() || image.height() != header.height()) {
                    throw new ImageFormatException(String.format(
                            Locale.ROOT,
                            "damaged %s: its header says %d x %d pixels, %s finds %d x %d",
                            header.format(),
                            header.width(),
                            header.height(),
                            decoder.name(),
                            image.width(),
                            image.height()));
                }
                return image;
            }
        }
        throw new ImageFormatException("no decoder for " + header.format() + " among "
                + decoders.stream().map(ImageDecoder::name).toList());
    }
}
