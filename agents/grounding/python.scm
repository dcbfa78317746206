(comment) @comment

[(function_definition) (class_definition)] @definition
(assignment) @assignment
(import_statement) @import
(import_from_statement) @from
(call) @call
(try_statement) @try
(delete_statement (attribute) @target)
(attribute) @attribute
(keyword_argument name: (identifier) @key)
(pair key: (string (string_content) @key))
(subscript subscript: (string (string_content) @key))
(identifier) @identifier
(typed_parameter (identifier) type: (_)) @typed
(typed_default_parameter name: (identifier) type: (_)) @typed

(function_definition name: (identifier) @bound)
(class_definition name: (identifier) @bound)
(assignment left: (_) @target)
(augmented_assignment left: (identifier) @bound)
(named_expression name: (identifier) @bound)
(for_statement left: (_) @target)
(for_in_clause left: (_) @target)
(as_pattern_target) @target
(parameters (identifier) @bound)
(lambda_parameters (identifier) @bound)
(default_parameter name: (_) @target)
(typed_default_parameter name: (identifier) @bound)
(typed_parameter (identifier) @bound)
(list_splat_pattern (identifier) @bound)
(dictionary_splat_pattern (identifier) @bound)
(global_statement (identifier) @bound)
(nonlocal_statement (identifier) @bound)
(case_pattern (dotted_name (identifier) @bound))
(case_pattern (splat_pattern (identifier) @bound))
(case_pattern (as_pattern (identifier) @bound))
(dict_pattern (splat_pattern (identifier) @bound))
(keyword_pattern (dotted_name (identifier) @bound))
(type_alias_statement left: (type (identifier) @bound))
(type_alias_statement left: (type (generic_type . (identifier) @bound)))
(function_definition type_parameters: (type_parameter (type (identifier) @bound)))
(class_definition type_parameters: (type_parameter (type (identifier) @bound)))
(type_alias_statement left: (type (generic_type (type_parameter (type (identifier) @bound)))))
