"""No tables: here all models are loaded, so that a rotation of keys learns of the secrets allauth keeps."""

from rosters import rotation

from . import second_factors

rotation.also_sealed(second_factors.PLACE)
