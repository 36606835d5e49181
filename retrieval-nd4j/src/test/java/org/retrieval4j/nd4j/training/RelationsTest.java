package org.retrieval4j.nd4j.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.retrieval4j.eval.PlaceEvaluation;

class RelationsTest {
    @Test
    void groupsArePositivesAndAllElseIsNegative() {
        Relations relations = Relations.byGroup(new long[] {7, 3, 7, -1, 3, 9});
        assertArrayEquals(new int[] {2}, relations.positives(0));
        assertTrue(relations.isNegative(0, 1));
        assertTrue(relations.isNegative(0, 3));
        assertFalse(relations.isNegative(0, 2));
        assertFalse(relations.isNegative(0, 0));
        assertEquals(3, relations.classes());
        assertEquals(-1, relations.label(3));
        assertArrayEquals(new int[] {0, 1, 2, 4}, relations.queries()); // the class of one has nothing to learn from
    }

    @Test
    void whatIsNeitherNearNorFarIsNeither() {
        Relations relations = Relations.byPosition(
                new PlaceEvaluation.Positions(List.of(0.0, 8.0, 20.0, 60.0), List.of(0.0, 0.0, 0.0, 0.0)), 10, 25);
        assertArrayEquals(new int[] {1}, relations.positives(0));
        assertFalse(relations.isNegative(0, 2));
        assertTrue(relations.isNegative(0, 3));
        assertArrayEquals(new int[] {0, 1}, relations.queries());
    }

    @Test
    void picturesThatAChainOfPairsConnectsAreNoNegatives() {
        Relations relations = Relations.byPairs(5, new int[] {0, 1}, new int[] {1, 2});
        assertArrayEquals(new int[] {1}, relations.positives(0));
        assertArrayEquals(new int[] {0, 2}, relations.positives(1));
        assertFalse(relations.isNegative(0, 2));
        assertTrue(relations.isNegative(0, 3));
        assertEquals(relations.label(0), relations.label(2));
    }

    @Test
    void splitsBetweenPlaces() {
        long[] groups = new long[40];
        for (int i = 0; i < groups.length; i++) {
            groups[i] = i / 4;
        }
        Relations relations = Relations.byGroup(groups);
        int[][] parts = relations.split(0.25, 3);
        assertEquals(40, parts[0].length + parts[1].length);
        assertTrue(parts[1].length >= 10 && parts[1].length < 20);
        for (int held : parts[1]) {
            for (int kept : parts[0]) {
                assertTrue(groups[held] != groups[kept]);
            }
        }
        Relations some = relations.among(parts[1]);
        for (int i = 0; i < some.size(); i++) {
            assertEquals(3, some.positives(i).length);
        }
        assertThrows(IllegalArgumentException.class, () -> Relations.byGroup(new long[8])
                .split(0.5, 1));
    }
}
