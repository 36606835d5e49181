/** What a JAR implements to bring components of its own: providers, and image decoders. */
@NullMarked
package org.retrieval4j.spi;

import org.jspecify.annotations.NullMarked;
