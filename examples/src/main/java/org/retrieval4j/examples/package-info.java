/** Short programs that show how to use and extend the library; each is run by a test. */
@NullMarked
package org.retrieval4j.examples;

import org.jspecify.annotations.NullMarked;
