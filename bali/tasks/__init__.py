"""What is evaluated: each task's files, configuration, examples and measures, free of torch.

A new task is one module here (its section of the configuration, how its files are read, and its `TASK`), one line in
`TASKS` below, one in `bali.config.evaluation.Tasks`, and one test. `bali.evaluation` holds the protocols that run them.
"""

from bali.tasks.bioasq import TASK as BIOASQ
from bali.tasks.chemprot import TASK as CHEMPROT
from bali.tasks.concept_retrieval import TASK as CONCEPT_RETRIEVAL
from bali.tasks.ddi import TASK as DDI
from bali.tasks.embedding_geometry import TASK as EMBEDDING_GEOMETRY
from bali.tasks.entity_linking import TASK as ENTITY_LINKING
from bali.tasks.gad import TASK as GAD
from bali.tasks.link_prediction import TASK as LINK_PREDICTION
from bali.tasks.medmcqa import TASK as MEDMCQA
from bali.tasks.medqa import TASK as MEDQA
from bali.tasks.ner import TASK as NER
from bali.tasks.pubmedqa import TASK as PUBMEDQA
from bali.tasks.similarity import TASK as SIMILARITY
from bali.tasks.task import Task

# In the order of the report.
TASKS: dict[str, Task] = {
    task.name: task
    for task in (
        ENTITY_LINKING,
        CONCEPT_RETRIEVAL,
        PUBMEDQA,
        BIOASQ,
        MEDQA,
        MEDMCQA,
        CHEMPROT,
        DDI,
        GAD,
        NER,
        SIMILARITY,
        LINK_PREDICTION,
        EMBEDDING_GEOMETRY,
    )
}
