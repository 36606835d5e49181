/** From ranked pictures of a map to a query's pose: localizers, each named in a spec, with one type of result. */
@NullMarked
package org.retrieval4j.localization.localizer;

import org.jspecify.annotations.NullMarked;
