"""A bag of words with a linear classifier: what the words of a case give away without any understanding.

It is a yardstick for the dataset and a floor for every model; the pipeline never uses it. Needs scikit-learn.
"""

from collections.abc import Sequence

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.svm import LinearSVC

FOLDS = 5
SEED = 20_260


def classifier() -> Pipeline:
    """Return an untrained classifier over words and pairs of words."""
    return make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2),
        LinearSVC(class_weight="balanced", random_state=SEED),
    )


def guesses(texts: Sequence[str], labels: Sequence[str], groups: Sequence[str]) -> list[str]:
    """Return for each text the label that a classifier trained on the other families gives it."""
    folds = StratifiedGroupKFold(n_splits=FOLDS, shuffle=True, random_state=SEED)
    found = cross_val_predict(classifier(), list(texts), list(labels), groups=list(groups), cv=folds)
    return [str(label) for label in found]
