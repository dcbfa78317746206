(field_definition) @definition
(formal_parameters (identifier) @bound)
