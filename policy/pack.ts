import { PolicyPack } from "@pulumi/policy";
import { policies } from "./policies";

new PolicyPack("image-registry", { policies });
