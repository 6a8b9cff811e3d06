"""Many movements of everyday life, by their names in the ontology of actions.

An entry is one way to do an action; actions that are done in several ways have several entries.
"""

from llm_ar.skeletons.synthetic.motion import Action
from llm_ar.skeletons.synthetic.movements.body_care import BODY_CARE
from llm_ar.skeletons.synthetic.movements.exercise import EXERCISE
from llm_ar.skeletons.synthetic.movements.gestures import GESTURES
from llm_ar.skeletons.synthetic.movements.home import HOME
from llm_ar.skeletons.synthetic.movements.moving import MOVING
from llm_ar.skeletons.synthetic.movements.sport import SPORT

MOVEMENTS: tuple[Action, ...] = (*GESTURES, *MOVING, *EXERCISE, *SPORT, *HOME, *BODY_CARE)
