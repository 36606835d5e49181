package org.retrieval4j.cli;

import java.util.List;
import java.util.Map;
import org.yaml.snakeyaml.Yaml;

/** Reads JSON in tests, by a parser of YAML, of which JSON is a part. */
final class Parsed {
    private Parsed() {}

    static Map<String, Object> object(String line) {
        return new Yaml().load(line);
    }

    @SuppressWarnings("unchecked") // the tests say what they expect
    static List<Map<String, Object>> list(Map<String, Object> object, String key) {
        return (List<Map<String, Object>>) object.get(key);
    }
}
