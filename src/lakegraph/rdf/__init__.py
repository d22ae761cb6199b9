"""RDF: terms, the closed namespaces of the ontology, the document mapper and inference."""
