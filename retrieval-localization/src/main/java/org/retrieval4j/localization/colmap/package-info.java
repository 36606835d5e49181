/** COLMAP's sparse models, read and written as text and binary, and its {@code database.db}, read. */
@NullMarked
package org.retrieval4j.localization.colmap;

import org.jspecify.annotations.NullMarked;
