/** Values, interfaces, spec text and look-up of components. */
module org.retrieval4j.api {
    requires org.slf4j;
    requires static transitive org.jspecify;

    exports org.retrieval4j.api;
    exports org.retrieval4j.spi;

    uses org.retrieval4j.spi.ComponentProvider;
    uses org.retrieval4j.spi.ImageDecoder;
}
