/** Published data sets of visual localization, as they are laid out on disk, become lists of maps and queries. */
@NullMarked
package org.retrieval4j.localization.dataset;

import org.jspecify.annotations.NullMarked;
