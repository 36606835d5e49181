/** Lists in text files; not exported. */
@NullMarked
package org.retrieval4j.localization.text;

import org.jspecify.annotations.NullMarked;
