/** Camera poses: the value, files of them, and how far estimates are from the truth. */
@NullMarked
package org.retrieval4j.localization.pose;

import org.jspecify.annotations.NullMarked;
