/** Maps of points that local features observe, how they are made, and how a query is localized in them. */
@NullMarked
package org.retrieval4j.localization.map;

import org.jspecify.annotations.NullMarked;
