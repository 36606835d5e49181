package org.retrieval4j.localization;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.lang.module.Configuration;
import java.lang.module.FindException;
import java.lang.module.ModuleFinder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.retrieval4j.api.Components;

/** The JARs as modules: what {@code provides} names must be what {@code META-INF/services} names. */
class ModulePathTest {
    @Test
    void findsTheSameComponentsAsOnTheClassPath() throws Exception {
        ModuleFinder finder = ModuleFinder.of(modules());
        Configuration configuration = ModuleLayer.boot()
                .configuration()
                .resolve(finder, ModuleFinder.of(), Set.of("org.retrieval4j.core", "org.retrieval4j.localization"));
        ModuleLayer layer =
                ModuleLayer.boot().defineModulesWithOneLoader(configuration, ClassLoader.getPlatformClassLoader());
        ClassLoader loader = layer.findLoader("org.retrieval4j.api");

        Class<?> components = loader.loadClass(Components.class.getName());
        Object loaded = components.getMethod("load", ClassLoader.class).invoke(null, loader);
        List<String> found = new ArrayList<>();
        for (Object provider : (List<?>) components.getMethod("providers").invoke(loaded)) {
            assertThat(provider.getClass().getModule().isNamed()).isTrue();
            found.add(provider.getClass().getName());
        }
        List<String> expected = new ArrayList<>();
        Components.load()
                .providers()
                .forEach(provider -> expected.add(provider.getClass().getName()));
        assertThat(found).containsExactlyInAnyOrderElementsOf(expected).hasSizeGreaterThan(20);
    }

    /** What this test runs on, as far as it is ours or a library of ours. */
    private static Path[] modules() {
        List<Path> paths = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
            Path path = Path.of(entry);
            try {
                boolean needed = ModuleFinder.of(path).findAll().stream()
                        .map(module -> module.descriptor().name())
                        .anyMatch(name -> name.startsWith("org.retrieval4j.")
                                || name.equals("org.slf4j")
                                || name.equals("commons.math3"));
                if (needed && !entry.endsWith("-tests.jar")) {
                    paths.add(path);
                }
            } catch (FindException notAModule) {
                // test classes have no descriptor
            }
        }
        return paths.toArray(Path[]::new);
    }
}
