/** Tests of the command line. */
@NullMarked
package org.retrieval4j.cli;

import org.jspecify.annotations.NullMarked;
