"""NTU RGB+D 120's actions A1..A120 (the first 60 are NTU RGB+D 60's): names and phrases."""

from __future__ import annotations

from llm_ar.skeletons.datasets.dataset import listed

ACTIONS = listed("""
drink water
eat meal/snack = eat a meal
brushing teeth = brush teeth
brushing hair = brush hair
drop = drop something
pickup = pick something up
throw = throw something
sitting down = sit down
standing up (from sitting position) = stand up
clapping = clap
reading = read
writing = write
tear up paper
wear jacket = put on a jacket
take off jacket = take off a jacket
wear a shoe = put on a shoe
take off a shoe
wear on glasses = put on glasses
take off glasses
put on a hat/cap = put on a hat
take off a hat/cap = take off a hat
cheer up = cheer
hand waving = wave a hand
kicking something = kick something
reach into pocket = reach into a pocket
hopping (one foot jumping) = hop on one foot
jump up
make a phone call/answer phone = make a phone call
playing with phone/tablet = play with a phone
typing on a keyboard = type on a keyboard
pointing to something with finger = point at something
taking a selfie = take a selfie
check time (from watch) = check the time
rub two hands together = rub both hands together
nod head/bow = nod or bow
shake head = shake the head
wipe face = wipe the face
salute
put the palms together = put palms together
cross hands in front (say stop) = cross hands to say stop
sneeze/cough = sneeze or cough
staggering = stagger
falling = fall down
touch head (headache) = hold an aching head
touch chest (stomachache/heart pain) = hold an aching chest
touch back (backache) = hold an aching back
touch neck (neckache) = hold an aching neck
nausea or vomiting condition = vomit
use a fan (with hand or paper)/feeling warm = fan oneself
punching/slapping other person = punch another person
kicking other person = kick another person
pushing other person = push another person
pat on back of other person = pat another person's back
point finger at the other person = point at another person
hugging other person = hug another person
giving something to other person = give something to another person
touch other person's pocket = touch another person's pocket
handshaking = shake hands
walking towards each other = walk towards each other
walking apart from each other = walk apart from each other
put on headphone = put on headphones
take off headphone = take off headphones
shoot at the basket = shoot at a basket
bounce ball = bounce a ball
tennis bat swing = swing a tennis racket
juggling table tennis balls = juggle table tennis balls
hush (quite) = hush
flick hair
thumb up = show thumb up
thumb down = show thumb down
make ok sign = make an OK sign
make victory sign = make a victory sign
staple book = staple a book
counting money = count money
cutting nails = cut nails
cutting paper (using scissors) = cut paper with scissors
snapping fingers = snap fingers
open bottle = open a bottle
sniff (smell) = sniff
squat down
toss a coin
fold paper
ball up paper = crumple paper into a ball
play magic cube = play with a magic cube
apply cream on face = apply cream to the face
apply cream on hand back = apply cream to the back of a hand
put on bag = put on a bag
take off bag = take off a bag
put something into a bag
take something out of a bag
open a box
move heavy objects
shake fist = shake a fist
throw up cap/hat = throw up a cap
hands up (both hands) = raise both hands
cross arms
arm circles = circle the arms
arm swings = swing the arms
running on the spot = run on the spot
butt kicks (kick backward) = kick backwards
cross toe touch = touch toes crosswise
side kick = kick sideways
yawn
stretch oneself = stretch
blow nose = blow the nose
hit other person with something = hit another person with something
wield knife towards other person = threaten another person with a knife
knock over other person (hit with body) = knock another person over
grab other person's stuff = grab another person's things
shoot at other person with a gun = shoot at another person with a gun
step on foot = step on another person's foot
high-five = give a high five
cheers and drink = cheer and drink together
carry something with other person = carry something together
take a photo of other person = take a photo of another person
follow other person = follow another person
whisper in other person's ear = whisper in another person's ear
exchange things with other person = exchange things with another person
support somebody with hand = support another person with a hand
finger-guessing game (playing rock-paper-scissors) = play rock paper scissors
""")
"""In the publishers' order."""
