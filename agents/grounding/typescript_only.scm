[(public_field_definition) (abstract_class_declaration) (abstract_method_signature) (interface_declaration)
 (type_alias_declaration) (enum_declaration) (internal_module) (function_signature) (method_signature)
 (property_signature)] @definition

(required_parameter pattern: (identifier) @bound)
(optional_parameter pattern: (identifier) @bound)
(required_parameter (accessibility_modifier) pattern: (identifier) @own)
(abstract_class_declaration name: (_) @bound)
(enum_declaration name: (_) @bound)
(internal_module name: (identifier) @bound)
(function_signature name: (identifier) @bound)
(import_require_clause (identifier) @bound)
(import_alias . (identifier) @bound)
(enum_body name: (property_identifier) @key)
(enum_assignment name: (property_identifier) @key)
(ambient_declaration (_) @ambient)

(required_parameter pattern: (identifier) type: (_)) @typed
(optional_parameter pattern: (identifier) type: (_)) @typed
(variable_declarator name: (identifier) type: (_)) @typed
(public_field_definition name: (_) type: (_)) @typed
