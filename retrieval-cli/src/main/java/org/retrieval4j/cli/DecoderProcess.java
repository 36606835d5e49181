package org.retrieval4j.cli;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.ServiceLoader;
import org.retrieval4j.api.Image;
import org.retrieval4j.api.ImageHeader;
import org.retrieval4j.spi.ImageDecoder;

/**
 * The program of a child process of {@link DecoderProcesses}: reads decoder name and picture from standard input, answers
 * with pixels or the reason why not on standard output, until its input ends.
 */
final class DecoderProcess {
    private static final int MAX_REASON = 2000;

    private DecoderProcess() {}

    /** Serves until standard input ends. */
    public static void main(String[] arguments) throws IOException {
        DataOutputStream out =
                new DataOutputStream(new BufferedOutputStream(new FileOutputStream(FileDescriptor.out), 1 << 16));
        System.setOut(System.err); // whatever a decoder prints must not come between the answers
        Map<String, ImageDecoder> decoders = new HashMap<>();
        ServiceLoader.load(ImageDecoder.class).forEach(decoder -> decoders.put(decoder.name(), decoder));
        DataInputStream in = new DataInputStream(new BufferedInputStream(System.in, 1 << 16));
        while (true) {
            String name;
            try {
                name = in.readUTF();
            } catch (EOFException end) {
                return;
            }
            byte[] bytes = new byte[in.readInt()];
            in.readFully(bytes);
            answer(out, decoders.get(name), bytes);
            out.flush();
        }
    }

    private static void answer(
            DataOutputStream out, @org.jspecify.annotations.Nullable ImageDecoder decoder, byte[] bytes)
            throws IOException {
        Image image;
        try {
            if (decoder == null) {
                throw new IOException("the decoder process lacks the decoder");
            }
            image = decoder.decode(bytes, ImageHeader.read(bytes));
        } catch (IOException | RuntimeException | LinkageError | OutOfMemoryError failure) {
            String reason = Failures.message(failure);
            out.writeBoolean(false);
            out.writeUTF(reason.substring(0, Math.min(reason.length(), MAX_REASON)));
            return;
        }
        out.writeBoolean(true);
        out.writeInt(image.width());
        out.writeInt(image.height());
        out.writeInt(image.orientation().exif());
        out.write(image.rgb());
    }
}
