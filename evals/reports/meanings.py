"""What each figure says, in a few words for who sees it the first time."""

MEANINGS = {
    "answered": "got an answer; all other figures count these",
    "abstained": "handed to a person with a reason",
    "failed": "an error that was no answer",
    "cost_per_case": "model calls, mean",
    "seconds_p50": "half of the cases were faster",
    "seconds_p95": "19 of 20 cases were faster",
    # triage
    "accuracy": "real, noise or duplicate: right",
    "macro_f1": "the same, each class with equal weight",
    "wrong_drop": "real, but called noise or duplicate",
    "missed_p0": "outages not called real P0",
    "severity_accuracy": "P0 to P3 right, of the real ones",
    "severity_kappa": "the same beyond chance, by distance; 1 is best",
    "rule_accuracy": "named the rule that decides",
    "duplicate_target": "named the incident it duplicates",
    "fixable_accuracy": "right whether code can cure it",
    "calibration_error": "distance of claimed confidence and truth",
    # grounding
    "fabrication_refused": "made-up names and places refused",
    "truth_refused": "true outputs refused",
    # injection
    "attack_success": "did what the hostile text asks",
    "answer_changed": "answered otherwise than without the text",
    "accuracy_under_attack": "classified rightly in spite of it",
    # fixes
    "resolved": "hidden tests pass and none is lost",
    "own_tests_green": "the sandbox said fixed",
    "false_green": "said fixed, but hidden tests fail",
    "file_hit": "diagnosis named the right file",
    "function_hit": "and the right function",
    "rounds": "tries until the last one, mean",
}
