package com.example.app;

import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Runs {@link Main} under a class loader of its own, whose parent knows nothing but the platform. */
public final class Isolated {
    private Isolated() {}

    /** Arguments: a folder to work in, the application's JAR, the folder of its libraries. */
    public static void main(String[] args) throws Exception {
        List<URL> urls = new ArrayList<>(List.of(Path.of(args[1]).toUri().toURL()));
        try (Stream<Path> jars = Files.list(Path.of(args[2]))) {
            for (Path jar : jars.toList()) {
                urls.add(jar.toUri().toURL());
            }
        }
        try (URLClassLoader loader =
                new URLClassLoader(urls.toArray(new URL[0]), ClassLoader.getPlatformClassLoader())) {
            Thread.currentThread().setContextClassLoader(loader);
            Class<?> main = loader.loadClass("com.example.app.Main");
            if (main == Main.class) {
                throw new IllegalStateException("the class came from the wrong loader");
            }
            main.getMethod("main", String[].class).invoke(null, (Object) new String[] {args[0]});
        }
    }
}
