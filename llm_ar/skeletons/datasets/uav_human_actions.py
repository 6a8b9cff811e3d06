"""UAV-Human's 155 actions A000..A154: the publishers' names, and phrases where they differ."""

from __future__ import annotations

from llm_ar.skeletons.datasets.dataset import listed

ACTIONS = listed("""
drink
eat snacks
brush hair
drop something
pick up something
throw away something
sit down
stand up
applaud
read
write
put on a coat
take off a coat
put on glasses
take off glasses
put on a hat
take off a hat
throw away a hat
cheer
wave hands
kick something
reach into pockets
jump on single leg
jump on two legs
make a phone call
play with cell phones = play with a phone
point somewhere = point at something
look at the watch = look at a watch
rub hands
bow
shake head
salute
cross palms together
cross arms in front to say no = cross arms to say no
wear headphones
take off headphones
make a shh sign = hush
touch the hair = touch hair
thumb up = show thumb up
thumb down = show thumb down
make an OK sign
make a victory sign
punch with fists
figure snap = snap fingers
open the bottle = open a bottle
smell
squat
apply cream to face
apply cream to hands
grasp a bag
put down a bag
put something into a bag
take something out of a bag
open a box
move a box
put up hands
put hands on hips
wrap arms around
shake arms = shake the arms
step on the spot walk = step on the spot
kick aside = kick sideways
kick backward = kick backwards
cough
sneeze
yawn
blow nose
stagger
headache = hold an aching head
chest discomfort = hold an aching chest
backache = hold an aching back
neck-ache = hold an aching neck
vomit
use a fan
stretch body
punching someone = punch someone
kicking someone = kick someone
pushing someone = push someone
slap someone on the back = slap someone's back
point someone = point at someone
hug
give something to someone
steal something from other's pocket = steal from someone's pocket
rob something from someone
shake hands
walk toward someone = walk towards someone
walk away from someone
hit someone with something
threat some with a knife = threaten someone with a knife
bump into someone
walk side by side
high five
drink a toast
move something with someone = move something together
take a phone for someone = take a photo of someone
stalk someone = follow someone secretly
whisper in someone's ear
exchange something with someone = exchange things with someone
lend an arm to support someone = support someone with an arm
rock-paper-scissors = play rock paper scissors
hover = signal to hover
land = signal to land
land at designated locations = signal to land at a marked place
move forward = signal to move forward
move backward = signal to move backward
move left = signal to move left
move right = signal to move right
ascend = signal to ascend
descend = signal to descend
accelerate = signal to speed up
decelerate = signal to slow down
come over here = signal to come here
stay where you are = signal to stay
rear right turn = signal a rear right turn
rear left turn = signal a rear left turn
abandon landing = signal to abandon landing
all clear = signal all clear
not clear = signal not clear
have command = signal to have command
follow me = signal to follow
turn left = signal to turn left
turn right = signal to turn right
throw litter
dig a hole
mow = mow grass
set on fire
smoke
cut the tree = cut a tree
fishing = go fishing
pick a lock
pollute walls = paint on a wall
hold someone hostage
threat someone with a gun = threaten someone with a gun
wave a goodbye = wave goodbye
chase someone
comfort someone
drag someone
sweep the floor
mop the floor
bounce the ball = bounce a ball
shoot at the basket = shoot at a basket
swing the racket = swing a racket
leg pressing = press a leg down
escape (to survive) = escape
call for help
wear a mask
take off a mask
bend arms around someone's shoulder
run
stab someone with a knife
throw a frisbee
carry a carrying pole = carry a pole on the shoulder
use a lever to lift something = lift something with a lever
walk
open an umbrella
close an umbrella
""")
"""In the publishers' order."""
