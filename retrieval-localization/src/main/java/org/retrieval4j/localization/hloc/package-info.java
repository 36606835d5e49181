/** Features, matches and pairs of hloc (Hierarchical-Localization). */
@NullMarked
package org.retrieval4j.localization.hloc;

import org.jspecify.annotations.NullMarked;
