/**
 * The command line {@code retrieval}. {@link org.retrieval4j.cli.Main} turns arguments into an exit code; each command
 * is one class; {@code Console} is the only way to the outside.
 */
@NullMarked
package org.retrieval4j.cli;

import org.jspecify.annotations.NullMarked;
