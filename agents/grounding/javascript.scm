; Shared by the JavaScript, TypeScript and TSX grammars.
(comment) @comment

[(function_declaration) (generator_function_declaration) (class_declaration) (class) (method_definition)
 (variable_declarator) (assignment_expression) (pair) (function_expression) (generator_function)
 (arrow_function)] @definition

(variable_declarator name: (identifier) @bound)
(function_declaration name: (identifier) @bound)
(generator_function_declaration name: (identifier) @bound)
(function_expression name: (identifier) @bound)
(class_declaration name: (_) @bound)
(class name: (_) @bound)
(arrow_function parameter: (identifier) @bound)
(catch_clause parameter: (identifier) @bound)
(for_in_statement left: (identifier) @bound)
(shorthand_property_identifier_pattern) @bound
(array_pattern (identifier) @bound)
(rest_pattern (identifier) @bound)
(pair_pattern value: (identifier) @bound)
(assignment_pattern left: (identifier) @bound)
(object_assignment_pattern left: (shorthand_property_identifier_pattern) @bound)
(import_clause (identifier) @bound)
(namespace_import (identifier) @bound)
(import_specifier name: (identifier) @bound !alias)
(import_specifier alias: (identifier) @bound)
(assignment_expression left: (identifier) @assigned)

(import_statement) @import
(export_statement) @export
(call_expression) @call
(new_expression) @new
(member_expression) @member
(identifier) @identifier
(pair key: (property_identifier) @key)
(shorthand_property_identifier_pattern) @key
(pair_pattern key: (property_identifier) @key)
(subscript_expression index: (string (string_fragment) @key))
(pair key: (string (string_fragment) @key))
(shorthand_property_identifier) @key
(shorthand_property_identifier) @identifier
((identifier) @exports (#eq? @exports "exports"))
(augmented_assignment_expression left: (_) @set operator: ["||=" "??=" "&&="])
(unary_expression operator: "delete" argument: (_) @set)
(unary_expression operator: "typeof" argument: (member_expression) @typeof)
(binary_expression operator: "in") @in
