/** Lists and JSON in text files, read within bounds; not exported. */
@NullMarked
package org.retrieval4j.localization.text;

import org.jspecify.annotations.NullMarked;
