package org.retrieval4j.image;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import org.retrieval4j.api.Image;
import org.retrieval4j.api.ImageFormatException;
import org.retrieval4j.api.ImageHeader;
import org.retrieval4j.spi.ImageDecoder;

/**
 * What runs in the child JVM of a {@link ChildProcessDecoder}: decodes pictures from standard input to standard output
 * until the input ends.
 *
 * <p>At the start it writes {@link #MAGIC}. A request is the length of a file and its bytes. An answer is {@link #MAGIC},
 * a status, and the picture's width, height and RGB bytes, or a message. Numbers are big-endian ints.
 */
final class DecoderProcess {
    static final int MAGIC = 0x72346a64;
    static final int DECODED = 0;
    static final int REFUSED = 1;
    static final int FAILED = 2;

    private DecoderProcess() {}

    /**
     * Serves one parent.
     *
     * @param arguments class name of the decoder
     */
    public static void main(String[] arguments) throws Exception {
        ImageDecoder decoder =
                (ImageDecoder) Class.forName(arguments[0]).getConstructor().newInstance();
        DataInputStream in = new DataInputStream(new BufferedInputStream(new FileInputStream(FileDescriptor.in)));
        DataOutputStream out =
                new DataOutputStream(new BufferedOutputStream(new FileOutputStream(FileDescriptor.out), 1 << 16));
        System.setOut(System.err); // what a decoder prints must not look like an answer
        out.writeInt(MAGIC);
        out.flush();
        while (true) {
            int length;
            try {
                length = in.readInt();
            } catch (EOFException parentIsGone) {
                return;
            }
            answer(decoder, in.readNBytes(length), out);
            out.flush();
        }
    }

    private static void answer(ImageDecoder decoder, byte[] bytes, DataOutputStream out) throws IOException {
        Image image;
        try {
            image = decoder.decode(bytes, ImageHeader.read(bytes));
        } catch (ImageFormatException e) {
            refuse(REFUSED, String.valueOf(e.getMessage()), out);
            return;
        } catch (IOException | RuntimeException | LinkageError | OutOfMemoryError e) {
            refuse(FAILED, e.toString(), out);
            return;
        }
        out.writeInt(MAGIC);
        out.writeInt(DECODED);
        out.writeInt(image.width());
        out.writeInt(image.height());
        out.write(image.rgb());
    }

    private static void refuse(int status, String message, DataOutputStream out) throws IOException {
        byte[] text = message.substring(0, Math.min(message.length(), ChildProcessDecoder.LONGEST_MESSAGE / 3))
                .getBytes(java.nio.charset.StandardCharsets.UTF_8);
        out.writeInt(MAGIC);
        out.writeInt(status);
        out.writeInt(text.length);
        out.write(text);
    }
}
