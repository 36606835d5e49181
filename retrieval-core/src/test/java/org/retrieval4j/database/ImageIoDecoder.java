package org.retrieval4j.database;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import javax.imageio.ImageIO;
import org.retrieval4j.api.Image;
import org.retrieval4j.api.ImageFormatException;
import org.retrieval4j.api.ImageHeader;
import org.retrieval4j.spi.ImageDecoder;

/** Decodes PNG by javax.imageio. */
final class ImageIoDecoder implements ImageDecoder {
    @Override
    public String name() {
        return "imageio";
    }

    @Override
    public int priority() {
        return 0;
    }

    @Override
    public boolean supports(ImageHeader.Format format) {
        return format == ImageHeader.Format.PNG;
    }

    @Override
    public Image decode(byte[] bytes, ImageHeader header) throws IOException {
        BufferedImage picture = ImageIO.read(new ByteArrayInputStream(bytes));
        if (picture == null) {
            throw new ImageFormatException("not a PNG");
        }
        byte[] rgb = new byte[3 * picture.getWidth() * picture.getHeight()];
        for (int y = 0, at = 0; y < picture.getHeight(); y++) {
            for (int x = 0; x < picture.getWidth(); x++) {
                int pixel = picture.getRGB(x, y);
                rgb[at++] = (byte) (pixel >> 16);
                rgb[at++] = (byte) (pixel >> 8);
                rgb[at++] = (byte) pixel;
            }
        }
        return new Image(picture.getWidth(), picture.getHeight(), rgb, header.orientation());
    }
}
