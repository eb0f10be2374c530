"""Projects and their members."""

import re
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Prefetch
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.text import slugify
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from annotation import projects, questions
from annotation.models import Guideline, Person, Project, Role
from annotation.presets import PRESETS
from webapp.api.access import MANAGES, caller, member_project, project_for
from webapp.api.errors import Conflict
from webapp.api.paging import CursorPagination
from webapp.api.questions import QuestionsField
from webapp.api.schema import PROBLEMS, page_of
from webapp.rendering.plain import showable
from workers import jobs, model_roots

# What a manager may change after creation, beside the guideline.
CHANGEABLE = (
    "name",
    "languages",
    "license",
    "k",
    "overlap",
    "lease_minutes",
    "daily_cap",
    "max_overlap",
    "agreement_floor",
    "gold_share",
    "qualification_tasks",
    "qualification_pass",
    "qualification_tries",
    "show_agreement",
    "allow_ties",
    "allow_unranked",
    "auto_tasks",
    "prompt_instruction",
    "review_prompts",
    "demonstrate_prompts",
    "start_from_best",
    "retrain_every",
    "retrain_hours",
    "retrain_at",
    "retrain_below",
    "next_strategy",
    "reward_base",
)

NEWEST = Prefetch(
    "guidelines",
    queryset=Guideline.objects.order_by("project_id", "-version").distinct("project_id"),
    to_attr="newest_guideline",
)


class PresetField(serializers.ChoiceField):
    """A preset by its key, however it is spelt: `safe_rlhf`, `safe-rlhf` and `Safe RLHF` are one."""

    keys = {re.sub(r"\W|_", "", key): key for key in PRESETS} | {"chatevaluation": "chat", "helpsteerlike": "helpsteer"}

    def to_internal_value(self, data: Any) -> str:
        return str(super().to_internal_value(self.keys.get(re.sub(r"\W|_", "", str(data)).lower(), data)))


class ProjectSerializer(serializers.ModelSerializer[Project]):
    guideline = serializers.CharField(required=False, allow_blank=True, max_length=200_000, write_only=True)
    languages = serializers.ListField(child=serializers.CharField(max_length=16), max_length=20, required=False)
    slug = serializers.SlugField(max_length=60, required=False)
    preset = PresetField(choices=sorted(PRESETS), required=False)
    questions = QuestionsField(required=False)
    url = serializers.HyperlinkedIdentityField(view_name="api:project", lookup_field="slug")

    class Meta:
        model = Project
        fields = ("slug", "preset", *CHANGEABLE, "guideline", "questions", "created_at", "url")
        read_only_fields = ("created_at",)

    def validate_name(self, name: str) -> str:
        showable(name)
        return name

    def validate_slug(self, slug: str) -> str:
        if self.instance and self.instance.slug != slug:
            raise ValidationError("A slug is in every link to the project: it never changes.")
        return slug

    def validate_preset(self, preset: str) -> str:
        if self.instance and self.instance.preset != preset:
            raise ValidationError("The preset is chosen once, when the project is made.")
        return preset

    def validate_questions(self, asked: dict[str, Any]) -> dict[str, Any]:
        names = [item["name"] for item in asked.get("criteria", ())]
        if self.instance and questions.loses_rankings(self.instance, names):
            raise ValidationError("There are judgements already: the criteria stay as they are.")
        return asked

    def validate_reward_base(self, base: str) -> str:
        try:
            if base:
                model_roots.check_base(base)
        except jobs.Refused as refusal:
            raise ValidationError(str(refusal)) from refusal
        return base

    def to_representation(self, project: Project) -> dict[str, Any]:
        guideline = _guideline(project)
        version = {"version": guideline.version, "text": guideline.text} if guideline else None
        return {**super().to_representation(project), "guideline": version}


def _guideline(project: Project) -> Guideline | None:
    """The current one, from what the list fetched for all its projects at once, or else by itself."""
    newest: list[Guideline] | None = getattr(project, "newest_guideline", None)
    return project.guideline if newest is None else next(iter(newest), None)


class MemberSerializer(serializers.Serializer[Any]):
    role = serializers.ChoiceField(choices=Role.choices)
    username = serializers.CharField(read_only=True)


@extend_schema(methods=["GET"], operation_id="projects_list", responses={200: page_of(ProjectSerializer), **PROBLEMS})
@extend_schema(methods=["POST"], request=ProjectSerializer, responses={201: ProjectSerializer, **PROBLEMS})
@api_view(["GET", "POST"])
def project_list(request: Request) -> Response:
    """List one's projects, or make one from a preset and own it."""
    if request.method == "POST":
        return _create(request)
    pages = CursorPagination()
    mine = pages.paginate_queryset(Project.objects.visible_to(request.user).prefetch_related(NEWEST), request)
    return pages.get_paginated_response(ProjectSerializer(mine, many=True, context={"request": request}).data)


def _create(request: Request) -> Response:
    if caller(request).confined_to is not None:
        raise PermissionDenied("This token is for one project: make another project with another token.")
    if not caller(request).may_create_projects:
        raise PermissionDenied("You may not create projects: ask whoever runs this server.")
    serializer = ProjectSerializer(data=request.data, context={"request": request})
    serializer.is_valid(raise_exception=True)
    fields = dict(serializer.validated_data)
    slug = fields.pop("slug", "") or slugify(fields["name"])[:60]
    if not slug:
        raise ValidationError({"slug": ["Give the project a slug: its name has no letters that a link can hold."]})
    try:
        with transaction.atomic():
            project = projects.create(by=caller(request), slug=slug, **fields)
    except IntegrityError as error:
        raise Conflict(f"There is a project {slug!r} already: choose another slug.") from error
    data = ProjectSerializer(project, context={"request": request}).data
    return Response(data, status=201, headers={"Location": data["url"]})


@extend_schema(methods=["GET"], responses={200: ProjectSerializer, **PROBLEMS})
@extend_schema(methods=["PATCH"], request=ProjectSerializer, responses={200: ProjectSerializer, **PROBLEMS})
@api_view(["GET", "PATCH"])
def project_detail(request: Request, slug: str) -> Response:
    """Read a project, or change what its managers may change."""
    if request.method == "GET":
        return Response(ProjectSerializer(member_project(request, slug), context={"request": request}).data)
    project = project_for(request, slug, MANAGES)
    serializer = ProjectSerializer(project, data=request.data, partial=True, context={"request": request})
    serializer.is_valid(raise_exception=True)
    guideline = serializer.validated_data.pop("guideline", None)
    with transaction.atomic():
        serializer.save()
        if guideline is not None:
            projects.write_guideline(project=project, text=guideline, by=caller(request))
    return Response(serializer.data)


@extend_schema(methods=["PUT"], request=MemberSerializer, responses={200: MemberSerializer, **PROBLEMS})
@extend_schema(methods=["DELETE"], request=None, responses={204: None, **PROBLEMS})
@api_view(["PUT", "DELETE"])
def member(request: Request, slug: str, username: str) -> Response:
    """Give a person a role in the project, or take them out. Only owners make and unmake owners."""
    project = project_for(request, slug, MANAGES)
    if "\0" in username:  # PostgreSQL takes no such text, not even to look for it
        raise Http404
    person = get_object_or_404(Person, username=username, is_active=True)
    role = "" if request.method == "DELETE" else _role(request)
    _owners_only(request, project, person, role)
    try:
        if request.method == "DELETE":
            projects.remove_member(project=project, person=person, by=caller(request))
            return Response(status=204)
        projects.set_role(project=project, person=person, role=role, by=caller(request))
    except projects.NotPossible as error:
        raise Conflict(str(error)) from error
    return Response({"username": person.username, "role": role})


def _role(request: Request) -> str:
    serializer = MemberSerializer(data=request.data)
    serializer.is_valid(raise_exception=True)
    return str(serializer.validated_data["role"])


def _owners_only(request: Request, project: Project, person: Person, role: str) -> None:
    touches_owner = role == Role.OWNER or project.role_of(person) == Role.OWNER
    if touches_owner and project.role_of(request.user) != Role.OWNER:
        raise PermissionDenied("Only an owner may make or unmake an owner.")
