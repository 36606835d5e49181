/**
 * Files. {@link org.retrieval4j.storage.NpyFile} and {@link org.retrieval4j.storage.NpzFile} bring arrays in from
 * Python and take them back. Everything of our own lies in one container: {@link org.retrieval4j.storage.SectionWriter}
 * writes it beside its target and moves it there when it is whole, {@link org.retrieval4j.storage.SectionFile} opens it;
 * what is not ours or not whole ends in a {@link org.retrieval4j.storage.CorruptFileException} or an
 * {@link org.retrieval4j.storage.UnsupportedVersionException}, before any size in the file is believed.
 */
@NullMarked
package org.retrieval4j.storage;

import org.jspecify.annotations.NullMarked;
