package org.retrieval4j.world;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * One place: a street between two rows of houses, or a room. Windows, walls and bricks repeat; posters differ.
 *
 * @param fixed what never moves
 * @param skins what the movable boxes look like
 * @param lengthX extent along x in meters, from the place's origin
 * @param lengthY extent along y in meters
 * @param originX where the place lies in the world
 * @param originY where the place lies in the world
 */
record Scene(List<Surface> fixed, List<Texture> skins, double lengthX, double lengthY, double originX, double originY) {
    /** Meters between the origins of neighboring places: nothing of one is seen from another. */
    static final double SPACING = 100;

    private static final double ROOM_HEIGHT = 3;
    private static final int MOVABLE = 4;
    private static final int ORNAMENTS = 5;

    /**
     * A room whose walls depend on one seed and whose posters depend on another: two rooms of one wall seed look alike.
     *
     * @param place number of the place
     * @param wallSeed decides walls, floor and windows
     * @param posterSeed decides the posters
     * @return the room
     */
    static Scene room(int place, long wallSeed, long posterSeed) {
        Random walls = new Random(wallSeed);
        Random posters = new Random(posterSeed);
        double w = 5 + 2 * walls.nextDouble();
        double d = 4 + 2 * walls.nextDouble();
        double x = place * SPACING;
        Builder b = new Builder(x, 0);
        Texture wall = new Texture(Texture.Style.PLASTER, wallSeed);
        Texture window = new Texture(Texture.Style.WINDOW, wallSeed + 1);
        b.floor(0, 0, w, d, 0, new Texture(Texture.Style.GROUND, wallSeed + 2), 3, Label.GROUND);
        b.floor(0, 0, w, d, ROOM_HEIGHT, new Texture(Texture.Style.PLASTER, wallSeed + 3), 2, Label.WALL);
        b.wall(0, 0, w, 0, 0, ROOM_HEIGHT, wall, 3, 2, Label.WALL);
        b.wall(w, 0, 0, d, 0, ROOM_HEIGHT, wall, 2, 2, Label.WALL);
        b.wall(w, d, -w, 0, 0, ROOM_HEIGHT, wall, 3, 2, Label.WALL);
        b.wall(0, d, 0, -d, 0, ROOM_HEIGHT, wall, 2, 2, Label.WALL);
        for (int i = 0; i < 2; i++) {
            b.wall(0.8 + i * w / 2, d - 0.01, 1.2, 0, 1, 2.2, window, 1, 1, Label.WINDOW);
        }
        for (int i = 0; i < 3; i++) {
            double size = 0.7 + 0.5 * posters.nextDouble();
            double height = 0.9 + 0.6 * posters.nextDouble();
            Texture poster = new Texture(Texture.Style.POSTER, posterSeed * 7 + i);
            double along = 0.3 + i * w / 3 + 0.3 * posters.nextDouble();
            b.wall(along, 0.01, size, 0, height, height + size, poster, 1, 1, Label.POSTER);
        }
        Texture side = new Texture(Texture.Style.POSTER, posterSeed * 7 + 3);
        Texture other = new Texture(Texture.Style.POSTER, posterSeed * 7 + 4);
        b.wall(w - 0.01, 1, 0, 1.4, 0.9, 2.1, side, 1, 1, Label.POSTER);
        b.wall(0.01, d / 2, 0, 1.3, 0.8, 2.0, other, 1, 1, Label.POSTER);
        return new Scene(List.copyOf(b.surfaces), skins(posterSeed), w, d, x, 0);
    }

    /**
     * A street: two rows of houses with equal windows, a poster here and there.
     *
     * @param place number of the place
     * @param seed decides everything
     * @return the street
     */
    static Scene street(int place, long seed) {
        Random random = new Random(seed);
        double length = 24;
        double breadth = 9;
        double height = 7;
        double x = place * SPACING;
        Builder b = new Builder(x, 0);
        b.floor(0, 0, length, breadth, 0, new Texture(Texture.Style.GROUND, seed), 8, Label.GROUND);
        Texture window = new Texture(Texture.Style.WINDOW, seed + 1);
        for (int row = 0; row < 2; row++) {
            double y = row * breadth;
            double inside = row == 0 ? 0.01 : -0.01;
            for (int house = 0; house < 4; house++) {
                Texture front = new Texture(Texture.Style.BRICKS, seed + 10 + 4L * row + house);
                b.wall(house * 6, y, 6, 0, 0, height, front, 3, 4, Label.FACADE);
                for (int i = 0; i < 4; i++) {
                    double left = house * 6 + 0.8 + (i % 2) * 2.8;
                    double bottom = 1 + i / 2 * 3;
                    b.wall(left, y + inside, 1.4, 0, bottom, bottom + 1.8, window, 1, 1, Label.WINDOW);
                }
                double left = house * 6 + 2.2 + 1.0 * random.nextDouble();
                double bottom = 0.4 + 2.2 * random.nextDouble();
                Texture poster = new Texture(Texture.Style.POSTER, seed * 13 + 4L * row + house);
                b.wall(left, y + 2 * inside, 1.2, 0, bottom, bottom + 1.2, poster, 1, 1, Label.POSTER);
            }
        }
        for (int end = 0; end < 2; end++) {
            Texture front = new Texture(Texture.Style.BRICKS, seed + 20 + end);
            b.wall(end * length, 0, 0, breadth, 0, height, front, 4, 4, Label.FACADE);
        }
        return new Scene(List.copyOf(b.surfaces), skins(seed), length, breadth, x, 0);
    }

    /**
     * A building between two others, with a square before it. Walls, windows and the neighbors depend on one seed, what
     * hangs on the front on another: two landmarks of one wall seed look alike.
     *
     * @param place number of the place
     * @param wallSeed decides walls, windows and the neighboring houses
     * @param ornamentSeed decides what hangs on the front
     * @return the place; the front is the middle third of its side y = 0
     */
    static Scene landmark(int place, long wallSeed, long ornamentSeed) {
        Random ornaments = new Random(ornamentSeed);
        double length = 30;
        double breadth = 26;
        double third = length / 3;
        double height = 9;
        double x = place * SPACING;
        Builder b = new Builder(x, 0);
        b.floor(0, 0, length, breadth, 0, new Texture(Texture.Style.GROUND, wallSeed), 8, Label.GROUND);
        Texture front = new Texture(Texture.Style.BRICKS, wallSeed + 1);
        Texture side = new Texture(Texture.Style.BRICKS, wallSeed + 2);
        Texture window = new Texture(Texture.Style.WINDOW, wallSeed + 3);
        b.wall(0, -2, third, 0, 0, height - 2, side, 4, 3, Label.FACADE);
        b.wall(2 * third, -2, third, 0, 0, height - 2, side, 4, 3, Label.FACADE);
        b.wall(third, 0, third, 0, 0, height, front, 4, 4, Label.FACADE);
        b.wall(third, -2, 0, 2, 0, height, front, 1, 4, Label.FACADE);
        b.wall(2 * third, -2, 0, 2, 0, height, front, 1, 4, Label.FACADE);
        for (int house = 0; house < 3; house++) {
            double y = house == 1 ? 0.02 : -1.98;
            for (int i = 0; i < 6; i++) {
                double left = house * third + 1 + i % 3 * 3;
                double bottom = 1.2 + i / 3 * 3;
                b.wall(left, y, 1.5, 0, bottom, bottom + 2, window, 1, 1, Label.WINDOW);
            }
        }
        for (int i = 0; i < ORNAMENTS; i++) {
            double size = 1 + ornaments.nextDouble();
            double left = third + 0.2 + (third - size - 0.4) * ornaments.nextDouble();
            double bottom = 0.5 + (height - size - 0.8) * ornaments.nextDouble();
            Texture ornament = new Texture(Texture.Style.POSTER, ornamentSeed * 11 + i);
            b.wall(left, 0.04 + 0.01 * i, size, 0, bottom, bottom + size, ornament, 1, 1, Label.POSTER);
        }
        return new Scene(List.copyOf(b.surfaces), skins(ornamentSeed), length, breadth, x, 0);
    }

    /**
     * The place with boxes standing about, elsewhere for every moment.
     *
     * @param moment decides where they stand
     * @return all surfaces
     */
    List<Surface> at(long moment) {
        Random random = new Random(moment);
        Builder b = new Builder(originX, originY);
        b.surfaces.addAll(fixed);
        for (Texture skin : skins) {
            double side = 0.3 + 0.4 * random.nextDouble();
            double x = side + random.nextDouble() * (lengthX - 2 * side);
            double y = side + random.nextDouble() * (lengthY - 2 * side);
            double top = 0.4 + 0.5 * random.nextDouble();
            b.wall(x, y, side, 0, 0, top, skin, 1, 1, Label.OBJECT);
            b.wall(x + side, y, 0, side, 0, top, skin, 1, 1, Label.OBJECT);
            b.wall(x + side, y + side, -side, 0, 0, top, skin, 1, 1, Label.OBJECT);
            b.wall(x, y + side, 0, -side, 0, top, skin, 1, 1, Label.OBJECT);
            b.floor(x, y, side, side, top, skin, 1, Label.OBJECT);
        }
        return b.surfaces;
    }

    private static List<Texture> skins(long seed) {
        List<Texture> skins = new ArrayList<>();
        for (int i = 0; i < MOVABLE; i++) {
            skins.add(new Texture(Texture.Style.POSTER, seed * 17 + i));
        }
        return skins;
    }

    private static final class Builder {
        private final List<Surface> surfaces = new ArrayList<>();
        private final double originX;
        private final double originY;

        Builder(double originX, double originY) {
            this.originX = originX;
            this.originY = originY;
        }

        void floor(
                double x, double y, double sideX, double sideY, double z, Texture texture, double repeat, Label label) {
            surfaces.add(new Surface(
                    originX + x,
                    originY + y,
                    z,
                    sideX,
                    0,
                    0,
                    0,
                    sideY,
                    0,
                    texture,
                    repeat,
                    repeat * sideY / sideX,
                    label));
        }

        void wall(
                double x,
                double y,
                double alongX,
                double alongY,
                double bottom,
                double top,
                Texture texture,
                double repeatU,
                double repeatV,
                Label label) {
            surfaces.add(new Surface(
                    originX + x,
                    originY + y,
                    top,
                    alongX,
                    alongY,
                    0,
                    0,
                    0,
                    bottom - top,
                    texture,
                    repeatU,
                    repeatV,
                    label));
        }
    }
}
